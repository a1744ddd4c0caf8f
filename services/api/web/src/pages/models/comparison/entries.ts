// What is looked through, in one shape: alerts that differ, and clips that are scored most unlike.

import { said } from "@/i18n/said";
import type { Place } from "../Moment";
import type { ChangeKind } from "../search";
import type { AlertSide, Comparison } from "./reading";

export type Entry = {
  key: string;
  source: string;
  storeId: string | null;
  label: string;
  since: string;
  /** What the run it is held against gave, and what the run itself gave. */
  scores: [number | null, number | null];
  against: AlertSide | null;
  run: AlertSide | null;
  place: Place;
};

export function entriesOf(comparison: Comparison, kind: ChangeKind): Entry[] {
  if (kind === "disagreements")
    return comparison.disagreements.map((each) => ({
      key: `${each.source_id} ${each.since} ${each.label}`,
      source: each.source_name,
      storeId: each.store_id,
      label: said(each.label),
      since: each.since,
      scores: [each.against_score, each.run_score],
      against: null,
      run: null,
      place: {
        sourceId: each.source_id,
        isCamera: each.source_kind === "camera",
        since: each.since,
        until: each.until,
        startS: each.start_s,
      },
    }));
  return comparison[kind].items.flatMap((each) => {
    const side = each.run ?? each.against;
    if (!side) return [];
    return {
      key: side.alert_id,
      source: each.source_name,
      storeId: each.store_id,
      label: said(each.label),
      since: side.started_at,
      scores: [each.against?.peak_score ?? null, each.run?.peak_score ?? null],
      against: each.against,
      run: each.run,
      place: {
        sourceId: each.source_id,
        isCamera: each.source_kind === "camera",
        since: side.started_at,
        until: side.ended_at,
        startS: side.start_s,
      },
    };
  });
}
