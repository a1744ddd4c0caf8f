// The player: the browser's own video, our controls. Under its seek bar lies the score curve, drawn
// to the same scale. Keys: space, arrows, j k l, comma and full stop for frames.

import { useLingui } from "@lingui/react/macro";
import {
  type KeyboardEvent,
  type ReactNode,
  type Ref,
  type RefObject,
  useEffect,
  useImperativeHandle,
  useRef,
  useState,
} from "react";
import { refresh } from "@/api/queries";
import { useFormat } from "@/i18n/format";
import { heed, type PlaybackState, type PlayerHandle, RATES, usePlayback } from "./playback";
import { Legend, ScoreCurve } from "./ScoreCurve";
import type { Band, Line } from "./series";
import { Sign } from "./signs";
import css from "./video.module.css";

const NONE: Band[] = [];

type Props = {
  src: string;
  /** Where faces are hidden a video comes in pieces of so many seconds. */
  pieceS?: number | null;
  /** Where it stands at first; another one is sought. */
  startS?: number;
  label: string;
  ref?: Ref<PlayerHandle>;
  poster?: string;
  /** As the API tells it: shown before the browser knows, and where the file does not say. */
  durationS?: number | null;
  frameRate?: number | null;
  lines?: Line[];
  bands?: Band[];
  /** False while a copy that every browser plays may still come; once true a failure is tried again. */
  isPlayable?: boolean;
  autoPlay?: boolean;
  /** `auto`: as much as the browser will, before anybody plays it. */
  preload?: "metadata" | "auto";
  /** Beside the speed: what a page adds. */
  extra?: ReactNode;
  onTime?: (seconds: number) => void;
};

export function Player({
  src: film,
  pieceS,
  startS,
  label,
  ref,
  poster,
  durationS,
  frameRate,
  lines = [],
  bands = NONE,
  isPlayable = true,
  autoPlay = false,
  preload = "metadata",
  extra,
  onTime,
}: Props) {
  const { t } = useLingui();
  const video = useRef<HTMLVideoElement>(null);
  const whole = useRef<HTMLElement>(null);
  const { src, state, handle } = usePlayback(video, {
    src: film,
    pieceS,
    startS,
    lengthS: durationS ?? 0,
    frameRate: frameRate || 25,
  });
  const lengthS = Math.max(state.durationS, lines[0]?.points.at(-1)?.end_s ?? 0);
  useImperativeHandle(ref, () => handle, [handle]);
  useReload(video, src, isPlayable);
  const making = useMaking(video, src, Boolean(pieceS));
  useEffect(() => onTime?.(state.atS), [onTime, state.atS]);
  const key = (event: KeyboardEvent) => {
    const { tagName, type } = event.target as HTMLInputElement;
    if (tagName === "SELECT" || (tagName === "INPUT" && type !== "range")) return;
    if (tagName === "BUTTON" && (event.key === " " || event.key === "Enter")) return;
    heed(event, handle);
  };
  return (
    <section ref={whole} className={css.player} aria-label={label} onKeyDown={key}>
      <div className={css.stage}>
        <video
          ref={video}
          src={src}
          poster={poster}
          preload={preload}
          playsInline
          muted
          autoPlay={autoPlay}
          aria-label={label}
          onClick={handle.toggle}
        />
        {(state.isBroken || making === "made") && (
          <p className={css.broken} role="status">
            <Broken making={making} isPlayable={isPlayable} />
          </p>
        )}
      </div>
      <div className={css.below}>
        <Seek label={t`Position`} atS={state.atS} lengthS={lengthS} seek={handle.seek} />
        {lines.length > 0 && (
          <>
            <ScoreCurve
              label={t`Score over time`}
              lines={lines}
              bands={bands}
              untilS={Math.max(lengthS, 1)}
              atS={state.atS}
              onSeek={handle.seek}
            />
            <Legend lines={lines} />
          </>
        )}
        <Controls
          state={{ ...state, durationS: lengthS }}
          handle={handle}
          video={video}
          whole={whole}
        >
          {extra}
        </Controls>
      </div>
    </section>
  );
}

function Broken({ making, isPlayable }: { making: Making; isPlayable: boolean }) {
  const { t } = useLingui();
  if (making === "made") return t`A copy with hidden faces is being made.`;
  if (making === "asked") return null;
  return isPlayable
    ? t`The video cannot be played.`
    : t`This browser cannot play the file as it is. A copy that it can play is being made.`;
}

/** `asked`: the API is asked why there is no video. */
type Making = "asked" | "made" | null;

/** A piece that is not there within this is being made. */
const AT_ONCE_MS = 1_500;

/** Whether the API is making the file yet (202): it is asked again until it is there. */
function useMaking(
  video: RefObject<HTMLVideoElement | null>,
  src: string,
  isPiece: boolean,
): Making {
  const [making, setMaking] = useState<Making>(null);
  useEffect(() => {
    const element = video.current;
    const gone = new AbortController();
    const { signal } = gone;
    let isLastTry = false;
    let timer = setTimeout(() => isPiece && setMaking("made"), AT_ONCE_MS);
    const ask = async () => {
      clearTimeout(timer);
      if (!src.startsWith("/")) return;
      setMaking((before) => before ?? "asked");
      const answer = await fetch(src, { method: "HEAD", signal }).catch(() => null);
      if (signal.aborted) return;
      const isThere = Boolean(answer?.ok) && answer?.status !== 202;
      if (isThere && !isLastTry) {
        // It was finished since.
        isLastTry = true;
        element?.load();
        return;
      }
      setMaking(answer?.status === 202 ? "made" : null);
      // The face rule changed: how the video is asked for has changed with it.
      if (answer?.status === 422) void refresh("/api/v1/videos");
      if (answer?.status !== 202) return;
      isLastTry = false;
      const waits = Number(answer.headers.get("Retry-After")) || 2;
      timer = setTimeout(() => element?.load(), waits * 1000);
    };
    const arrive = () => {
      clearTimeout(timer);
      setMaking(null);
    };
    element?.addEventListener("error", ask, { signal });
    element?.addEventListener("loadedmetadata", arrive, { signal });
    return () => {
      clearTimeout(timer);
      gone.abort();
      setMaking(null);
    };
  }, [video, src, isPiece]);
  return making;
}

/** A failure is tried once more when a playable copy has come. */
function useReload(
  video: RefObject<HTMLVideoElement | null>,
  src: string,
  isPlayable: boolean,
): void {
  const tried = useRef({ src, isPlayable });
  useEffect(() => {
    const before = tried.current;
    tried.current = { src, isPlayable };
    if (before.src === src && isPlayable && !before.isPlayable && video.current?.error)
      video.current.load();
  }, [video, src, isPlayable]);
}

function Seek({
  label,
  atS,
  lengthS,
  seek,
}: {
  label: string;
  atS: number;
  lengthS: number;
  seek: (seconds: number) => void;
}) {
  const { clock } = useFormat();
  const share = lengthS ? (100 * atS) / lengthS : 0;
  return (
    <input
      type="range"
      className={css.seek}
      style={{ "--done": `${share}%` } as React.CSSProperties}
      min={0}
      max={lengthS || 1}
      step="any"
      value={Math.min(atS, lengthS || 1)}
      aria-label={label}
      aria-valuetext={clock(atS)}
      onChange={(event) => seek(event.currentTarget.valueAsNumber)}
    />
  );
}

function Controls({
  state,
  handle,
  video,
  whole,
  children,
}: {
  state: PlaybackState;
  handle: PlayerHandle;
  video: RefObject<HTMLVideoElement | null>;
  whole: RefObject<HTMLElement | null>;
  children: ReactNode;
}) {
  const { t } = useLingui();
  const { clock, number } = useFormat();
  const fill = () => {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void whole.current?.requestFullscreen();
  };
  const mute = () => {
    if (video.current) video.current.muted = !video.current.muted;
  };
  return (
    <div className={css.controls}>
      <Act
        sign={state.isPlaying ? "pause" : "play"}
        label={state.isPlaying ? t`Pause` : t`Play`}
        act={handle.toggle}
      />
      <Act sign="back" label={t`A frame back`} act={() => handle.step(-1)} />
      <Act sign="on" label={t`A frame on`} act={() => handle.step(1)} />
      <span className={css.time}>
        {clock(state.atS, !state.isPlaying)} <span className="dim">/ {clock(state.durationS)}</span>
      </span>
      <span className={css.space} />
      {children && <span className={css.extra}>{children}</span>}
      <select
        className={css.rate}
        aria-label={t`Speed`}
        value={state.rate}
        onChange={(event) => {
          if (!video.current) return;
          video.current.playbackRate = Number(event.currentTarget.value);
          video.current.defaultPlaybackRate = video.current.playbackRate;
        }}
      >
        {RATES.map((rate) => (
          <option key={rate} value={rate}>
            {number(rate)}×
          </option>
        ))}
      </select>
      <Act
        sign={state.isMuted ? "silent" : "loud"}
        label={state.isMuted ? t`Sound on` : t`Sound off`}
        act={mute}
      />
      <Act sign="full" label={t`Full screen`} act={fill} />
    </div>
  );
}

function Act({
  sign,
  label,
  act,
}: {
  sign: Parameters<typeof Sign>[0]["name"];
  label: string;
  act: () => void;
}) {
  return (
    <button type="button" className={css.act} aria-label={label} title={label} onClick={act}>
      <Sign name={sign} />
    </button>
  );
}
