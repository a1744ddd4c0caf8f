// Replays as the API tells of them.

import { useLingui } from "@lingui/react/macro";
import { $api, client, type ReplayPage, type ReplayView } from "@/api/client";
import { useFormat } from "@/i18n/format";
import type { Tone } from "@/ui/layout";
import type { Detector } from "../reading";

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
    extracting: t`Embedding recordings`,
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
    log: t`From the log`,
    archive: t`From the archive`,
    recordings: t`From recordings, embedded anew`,
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
  const replays = $api.useQuery("get", REPLAYS, { params: { query: { limit: 200 } } });
  const finished = (replays.data?.items ?? []).filter(
    ({ state, detector }) => state === "done" && detector === model.detector,
  );
  const shadows = [...new Set(model.places.map(({ run }) => run))].filter((run) => run !== "live");
  return [
    ...finished.map((replay) => ({ run: replay.run, label: `${replay.run} · ${span(replay)}` })),
    ...shadows.map((run) => ({ run, label: t`${run} · looking on` })),
  ];
}
