// A video element as state: where it stands, how long it is, and what may be done with it.

import { type KeyboardEvent, type RefObject, useEffect, useMemo, useState } from "react";

export type PlaybackState = {
  atS: number;
  durationS: number;
  isPlaying: boolean;
  isMuted: boolean;
  rate: number;
  isBroken: boolean;
  isWaiting: boolean;
};

/** What may be done with a player from outside. Seconds count from the start of the video. */
export type PlayerHandle = {
  seek: (seconds: number) => void;
  skip: (seconds: number) => void;
  step: (frames: number) => void;
  toggle: () => void;
  play: () => void;
  pause: () => void;
};

export const RATES = [0.25, 0.5, 1, 1.5, 2, 4, 8];
const AT_FIRST: PlaybackState = {
  atS: 0,
  durationS: 0,
  isPlaying: false,
  isMuted: true,
  rate: 1,
  isBroken: false,
  isWaiting: false,
};
const EVENTS = [
  "loadedmetadata",
  "durationchange",
  "play",
  "pause",
  "ended",
  "seeking",
  "seeked",
  "timeupdate",
  "ratechange",
  "volumechange",
  "waiting",
  "playing",
  "error",
  "emptied",
] as const;

/** Smooth while it plays: a step a frame of the screen, not four a second. */
export function usePlayback(video: RefObject<HTMLVideoElement | null>): PlaybackState {
  const [state, setState] = useState(AT_FIRST);
  useEffect(() => {
    const element = video.current;
    if (!element) return;
    let frame = 0;
    const read = () => setState((before) => different(before, stateOf(element)));
    const run = () => {
      read();
      frame = element.paused ? 0 : requestAnimationFrame(run);
    };
    const hear = () => {
      if (frame) return read();
      run();
    };
    for (const name of EVENTS) element.addEventListener(name, hear);
    read();
    return () => {
      cancelAnimationFrame(frame);
      for (const name of EVENTS) element.removeEventListener(name, hear);
    };
  }, [video]);
  return state;
}

function stateOf(element: HTMLVideoElement): PlaybackState {
  return {
    atS: element.currentTime,
    durationS: Number.isFinite(element.duration) ? element.duration : 0,
    isPlaying: !element.paused && !element.ended,
    isMuted: element.muted,
    rate: element.playbackRate,
    isBroken: element.error !== null,
    isWaiting: !element.paused && element.readyState < HTMLMediaElement.HAVE_FUTURE_DATA,
  };
}

function different(before: PlaybackState, after: PlaybackState): PlaybackState {
  const names = Object.keys(after) as (keyof PlaybackState)[];
  return names.some((name) => before[name] !== after[name]) ? after : before;
}

/** Waits with a seek until the video knows its length. */
export function useHandle(
  video: RefObject<HTMLVideoElement | null>,
  frameRate: number,
): PlayerHandle {
  return useMemo(() => {
    const act = (deed: (element: HTMLVideoElement) => void) => video.current && deed(video.current);
    const seek = (seconds: number) =>
      act((element) => {
        if (element.readyState >= HTMLMediaElement.HAVE_METADATA) {
          element.currentTime = Math.min(Math.max(seconds, 0), element.duration || 0);
          return;
        }
        const later = () => {
          element.currentTime = seconds;
        };
        element.addEventListener("loadedmetadata", later, { once: true });
      });
    const skip = (seconds: number) => act((element) => seek(element.currentTime + seconds));
    const play = () => act((element) => void element.play().catch(() => undefined));
    const pause = () => act((element) => element.pause());
    const step = (frames: number) => {
      pause();
      skip(frames / frameRate);
    };
    const toggle = () => act((element) => (element.paused ? play() : pause()));
    return { seek, skip, step, toggle, play, pause };
  }, [video, frameRate]);
}

type Deed = (handle: PlayerHandle) => void;
const DEEDS = new Map<string, Deed>([
  [" ", (player) => player.toggle()],
  ["k", (player) => player.toggle()],
  ["ArrowLeft", (player) => player.skip(-5)],
  ["ArrowRight", (player) => player.skip(5)],
  ["j", (player) => player.skip(-10)],
  ["l", (player) => player.skip(10)],
  [",", (player) => player.step(-1)],
  [".", (player) => player.step(1)],
  ["Home", (player) => player.seek(0)],
]);

/** Keys as in other players. Returns whether it was one of them. */
export function heed(
  event: KeyboardEvent | globalThis.KeyboardEvent,
  handle: PlayerHandle,
): boolean {
  if (event.altKey || event.ctrlKey || event.metaKey) return false;
  const deed = DEEDS.get(event.key.length === 1 ? event.key.toLowerCase() : event.key);
  if (!deed) return false;
  event.preventDefault();
  deed(handle);
  return true;
}
