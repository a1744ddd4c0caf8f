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
import { useFormat } from "@/i18n/format";
import { heed, type PlayerHandle, RATES, useHandle, usePlayback } from "./playback";
import { Legend, ScoreCurve } from "./ScoreCurve";
import type { Band, Line } from "./series";
import { Sign } from "./signs";
import css from "./video.module.css";

const NONE: Band[] = [];

type Props = {
  src: string;
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
  src,
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
  const state = usePlayback(video);
  const handle = useHandle(video, frameRate || 25);
  const lengthS = Math.max(state.durationS || durationS || 0, lines[0]?.points.at(-1)?.end_s ?? 0);
  useImperativeHandle(ref, () => handle, [handle]);
  useReload(video, src, isPlayable);
  const isBeingMade = useBeingMade(video, src);
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
        {state.isBroken && (
          <p className={css.broken} role="status">
            <Broken isBeingMade={isBeingMade} isPlayable={isPlayable} />
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

function Broken({ isBeingMade, isPlayable }: { isBeingMade: boolean; isPlayable: boolean }) {
  const { t } = useLingui();
  if (isBeingMade) return t`A copy with hidden faces is being made.`;
  return isPlayable
    ? t`The video cannot be played.`
    : t`This browser cannot play the file as it is. A copy that it can play is being made.`;
}

/** Whether the API is making the file yet (202): it is asked again until it is there. */
function useBeingMade(video: RefObject<HTMLVideoElement | null>, src: string): boolean {
  const [isBeingMade, setBeingMade] = useState(false);
  useEffect(() => {
    const element = video.current;
    const gone = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      if (!src.startsWith("/")) return;
      const answer = await fetch(src, { method: "HEAD", signal: gone.signal }).catch(() => null);
      if (gone.signal.aborted) return;
      setBeingMade(answer?.status === 202);
      if (answer?.status !== 202) return;
      const waits = Number(answer.headers.get("Retry-After")) || 2;
      timer = setTimeout(() => element?.load(), waits * 1000);
    };
    element?.addEventListener("error", ask);
    return () => {
      element?.removeEventListener("error", ask);
      clearTimeout(timer);
      gone.abort();
      setBeingMade(false);
    };
  }, [video, src]);
  return isBeingMade;
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
  state: ReturnType<typeof usePlayback>;
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
          if (video.current) video.current.playbackRate = Number(event.currentTarget.value);
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
