// Replays as the API tells of them.

import { useLingui } from "@lingui/react/macro";
import { $api, client, type ReplayPage, type ReplayView } from "@/api/client";
import { useFormat } from "@/i18n/format";
import type { Tone } from "@/ui/layout";
import type { Detector } from "../reading";
import { titled } from "../words";

export const REPLAYS = "/api/v1/replays";

export async function readReplays(cursor: string | undefined, limit = 30): Promise<ReplayPage> {
  const { data } = await client.GET(REPLAYS, { params: { query: { limit, cursor } } });
  return data as ReplayPage;
}

export const isGoingOn = ({ state }: Pick<ReplayView, "state">) =>
  state === "queued" || state === "extracting" || state === "planning" || state === "running";

export const TONES: Record<ReplayView["state"], Tone> = {
  queued: "plain",
  extracting: "busy",
  planning: "busy",
  running: "busy",
  done: "good",
  failed: "bad",
  cancelled: "warn",
};

export function useReplayStates(): Record<ReplayView["state"], string> {
  const { t } = useLingui();
  return {
    queued: t`Waiting`,
    extracting: t`Reading recordings`,
    planning: t`Planning`,
    running: t`Running`,
    done: t`Done`,
    failed: t`Failed`,
    cancelled: t`Cancelled`,
  };
}

export function useInputs(): Record<ReplayView["input"], string> {
  const { t } = useLingui();
  return {
    log: t`What is on the log`,
    archive: t`What is in the archive`,
    recordings: t`The recordings, seen anew`,
  };
}

/** From when to when, in the reader's words. */
export function useSpan(): (replay: Pick<ReplayView, "since" | "until">) => string {
  const { moment } = useFormat();
  return ({ since, until }) => `${moment(since)} – ${moment(until)}`;
}

/** What can speak for a detector: its finished replays, and where it looks on; latest first. */
export function useRunsOf(model: Detector): { run: string; label: string }[] {
  const { t } = useLingui();
  const span = useSpan();
  const title = titled(model);
  const replays = $api.useQuery("get", REPLAYS, { params: { query: { limit: 200 } } });
  const finished = (replays.data?.items ?? []).filter(
    ({ state, detector }) => state === "done" && detector === model.detector,
  );
  const shadows = [...new Set(model.places.map(({ run }) => run))].filter((run) => run !== "live");
  return [
    ...finished.map((replay) => ({ run: replay.run, label: span(replay) })),
    ...shadows.map((run) => ({ run, label: t`${title} · looking on` })),
  ];
}
