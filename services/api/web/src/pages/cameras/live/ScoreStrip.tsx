// The scores of a camera's latest minutes, as they come.

import { useLingui } from "@lingui/react/macro";
import { useEffect, useRef, useState } from "react";
import { client, type TimelineView } from "@/api/client";
import { useFormat } from "@/i18n/format";
import { said } from "@/i18n/said";
import { useLive, useStream } from "@/live/live";
import { colours, useThemeTurn } from "@/ui/colours";
import css from "./live.module.css";
import { grown, paint, STRIP_MS, type Strip, type StripHead } from "./strip";

const STEP_MS = 100;
const EMPTY: Strip = { clips: [], heads: [], bands: [] };
type ScoreEvent = {
  at: string;
  until: string;
  calibrated: number;
  heads: { rule: string; label: string; calibrated: number; high_mark: number | null }[];
};

/** `offsetMs`: how far the server's clock is before this browser's. */
export function ScoreStrip({ sourceId, offsetMs = 0 }: { sourceId: string; offsetMs?: number }) {
  const { t } = useLingui();
  const { score } = useFormat();
  const canvas = useRef<HTMLCanvasElement>(null);
  const strip = useRef(EMPTY);
  const [latest, setLatest] = useState<ScoreEvent | null>(null);
  const theme = useThemeTurn();

  useEffect(() => {
    let isGone = false;
    strip.current = EMPTY;
    void recent(sourceId, Date.now() + offsetMs).then((found) => {
      if (!isGone && found) strip.current = joined(found, strip.current);
    });
    return () => {
      isGone = true;
    };
  }, [sourceId, offsetMs]);
  useStream({ kind: ["scores"], source_id: [sourceId] }, ({ name, data }) => {
    if (name !== "score") return;
    const event = data as unknown as ScoreEvent;
    const heads = event.heads.map(headOf);
    const scores = Object.fromEntries(event.heads.map((head) => [head.rule, head.calibrated]));
    const clip = { at: Date.parse(event.at), until: Date.parse(event.until), scores };
    strip.current = grown(strip.current, clip, heads, Date.now() + offsetMs);
    setLatest(event);
  });
  useLive(({ name, data }) => {
    if (!name.startsWith("alert.") || data.source_id !== sourceId || !data.started_at) return;
    const from = Date.parse(String(data.started_at));
    const others = strip.current.bands.filter((band) => band.from !== from);
    const band = { from, to: Date.parse(String(data.ended_at)), tone: "alert" as const };
    strip.current = { ...strip.current, bands: [...others, band] };
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another theme has other colours
  useEffect(() => {
    const shown = canvas.current;
    if (!shown) return;
    const names = ["curve", "violet", "good", "rose", "line", "dim", "warning", "raised"] as const;
    const found = colours(shown, ...names, "alert-veil");
    const timer = setInterval(
      () => paint(shown, strip.current, Date.now() + offsetMs, found),
      STEP_MS,
    );
    return () => clearInterval(timer);
  }, [theme, offsetMs]);

  const mark = latest?.heads.find((head) => head.high_mark !== null)?.high_mark ?? null;
  const [value, high] = [score(latest?.calibrated ?? 0), score(mark ?? 0)];
  return (
    <>
      <canvas
        ref={canvas}
        className={css.strip}
        role="img"
        aria-label={t`Scores of the last five minutes`}
      />
      <p className="dim numbers">
        {latest === null && t`Scores appear here as they come.`}
        {latest !== null && mark === null && t`Latest score ${value}`}
        {latest !== null && mark !== null && t`Latest score ${value}, the mark stands at ${high}`}
      </p>
    </>
  );
}

function headOf(head: { rule: string; label: string; high_mark: number | null }): StripHead {
  return { rule: head.rule, label: said(head.label), highMark: head.high_mark };
}

/** What was scored before the page was opened; nothing where it cannot be read. */
async function recent(sourceId: string, now: number): Promise<Strip | null> {
  const query = {
    since: new Date(now - STRIP_MS).toISOString(),
    until: new Date(now + 1000).toISOString(),
    resolution: "clip" as const,
  };
  const params = { path: { source_id: sourceId }, query };
  const { data } = await client
    .GET("/api/v1/sources/{source_id}/timeline", { params })
    .catch(() => ({ data: undefined }));
  return data ? stripOf(data) : null;
}

export function stripOf(timeline: TimelineView): Strip {
  const first = timeline.heads[0]?.rule ?? "";
  const clips = timeline.clips.map((clip) => {
    const at = Date.parse(clip.at);
    const heads = clip.heads ?? [{ rule: first, calibrated: clip.calibrated }];
    const scores = Object.fromEntries(heads.map((head) => [head.rule, head.calibrated]));
    return { at, until: at + (clip.end_s - clip.start_s) * 1000, scores };
  });
  const bands = [
    ...timeline.conditions.map((each) => ({ ...spanOf(each), tone: "wrong" as const })),
    ...timeline.alerts.map((each) => ({ ...spanOf(each), tone: "alert" as const })),
  ];
  return { clips, heads: timeline.heads.map(headOf), bands };
}

function spanOf({ started_at, ended_at }: { started_at: string; ended_at: string }) {
  return { from: Date.parse(started_at), to: Date.parse(ended_at) };
}

/** What was read, and what came meanwhile. */
function joined(read: Strip, live: Strip): Strip {
  const after = read.clips.at(-1)?.at ?? 0;
  return {
    clips: [...read.clips, ...live.clips.filter(({ at }) => at > after)],
    heads: live.heads.length ? live.heads : read.heads,
    bands: [...read.bands, ...live.bands],
  };
}
