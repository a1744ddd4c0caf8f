// How far the analysis of a video is, in words; and news of it while it runs.

import { useLingui } from "@lingui/react/macro";
import type { VideoView } from "@/api/client";
import { makeOld, useStream } from "@/live/live";
import { Badge } from "@/ui/layout";

/** By a score. */
const MOVED = ["/api/v1/videos", "/api/v1/sources/{source_id}/timeline"];
/** What a stream names at most, so that its address stays short. */
const MOST_FOLLOWED = 20;

export function isBusy({ state }: Pick<VideoView, "state">): boolean {
  return state !== "done" && state !== "failed";
}

/** Whether there is something left to be cut. */
export function isCut({ state }: Pick<VideoView, "state">): boolean {
  return state !== "submitted" && state !== "decoding";
}

export function useStateWord(): (state: VideoView["state"]) => string {
  const { t } = useLingui();
  const words: Record<VideoView["state"], string> = {
    submitted: t`Waiting`,
    decoding: t`Reading`,
    scoring: t`Scoring`,
    done: t`Done`,
    failed: t`Failed`,
  };
  return (state) => words[state];
}

const TONES = {
  submitted: "plain",
  decoding: "busy",
  scoring: "busy",
  done: "good",
  failed: "bad",
} as const;

export function StateBadge({ video }: { video: Pick<VideoView, "state" | "is_paused"> }) {
  const { t } = useLingui();
  const word = useStateWord();
  if (video.is_paused && isBusy(video)) return <Badge>{t`Paused`}</Badge>;
  return <Badge tone={TONES[video.state]}>{word(video.state)}</Badge>;
}

/** Their scores are news of them, while there are some that run. */
export function Scoring({ ids }: { ids: string[] }) {
  return ids.length > 0 && <Following ids={ids.slice(0, MOST_FOLLOWED)} />;
}

function Following({ ids }: { ids: string[] }) {
  useStream({ kind: ["scores"], source_id: ids, score_every_s: 4 }, () => makeOld(MOVED));
  return null;
}
