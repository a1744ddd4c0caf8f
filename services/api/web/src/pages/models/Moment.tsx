// A moment of a camera's recordings or of an upload, played from a little before it.

import { useLingui } from "@lingui/react/macro";
import { type Ref, useEffect, useImperativeHandle, useRef } from "react";
import { $api, Problem } from "@/api/client";
import { said } from "@/i18n/said";
import { Player } from "@/video/Player";
import type { PlayerHandle } from "@/video/playback";
import { useStretch } from "@/video/stretch";
import css from "./models.module.css";

/** So much of what was before and after is shown with it. */
const AROUND_MS = 8_000;

/** `startS` is where it lies in an upload; a camera's is found by its time. */
export type Place = {
  sourceId: string;
  isCamera: boolean;
  since: string;
  until: string;
  startS?: number | null;
};

export function Moment({
  place,
  label,
  autoPlay = true,
  ref,
}: {
  place: Place;
  label: string;
  autoPlay?: boolean;
  ref?: Ref<PlayerHandle | null>;
}) {
  return place.isCamera ? (
    <OfCamera place={place} label={label} autoPlay={autoPlay} ref={ref} />
  ) : (
    <OfUpload place={place} label={label} autoPlay={autoPlay} ref={ref} />
  );
}

type Shown = {
  place: Place;
  label: string;
  autoPlay: boolean;
  ref: Ref<PlayerHandle | null> | undefined;
};

function OfUpload({ place: { sourceId, startS }, ...shown }: Shown) {
  const { t } = useLingui();
  const { data, error } = $api.useQuery("get", "/api/v1/videos/{video_id}", {
    params: { path: { video_id: sourceId } },
  });
  if (!data)
    return (
      <div className={css.blank} role="status">
        <p>{error ? t`There is no film of it.` : t`Looking for the recording…`}</p>
      </div>
    );
  return (
    <Film
      src={`/api/v1/videos/${sourceId}/media`}
      pieceS={data.piece_s}
      durationS={data.duration_s}
      startS={Math.max(0, (startS ?? 0) - AROUND_MS / 2000)}
      {...shown}
    />
  );
}

function OfCamera({ place: { sourceId, since, until }, ...shown }: Shown) {
  const { t } = useLingui();
  const from = new Date(Date.parse(since) - AROUND_MS).toISOString();
  const to = new Date(Date.parse(until) + AROUND_MS).toISOString();
  const { data, error } = useStretch(sourceId, from, to, true);
  if (data) return <Film src={data} startS={0} {...shown} />;
  const why = error instanceof Problem ? said(error.message) : t`There is no film of it.`;
  return (
    <div className={css.blank} role="status">
      <p>{error ? why : t`Looking for the recording…`}</p>
    </div>
  );
}

function Film({
  src,
  pieceS,
  durationS,
  startS,
  label,
  autoPlay,
  ref,
}: Omit<Shown, "place"> & {
  src: string;
  pieceS?: number | null;
  durationS?: number | null;
  startS: number;
}) {
  const player = useRef<PlayerHandle>(null);
  useImperativeHandle<PlayerHandle | null, PlayerHandle | null>(ref, () => player.current, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each moment is played
  useEffect(() => {
    if (autoPlay) player.current?.play();
  }, [src, startS, autoPlay]);
  return (
    <Player
      ref={player}
      src={src}
      pieceS={pieceS}
      durationS={durationS}
      startS={startS}
      label={label}
      preload="auto"
    />
  );
}
