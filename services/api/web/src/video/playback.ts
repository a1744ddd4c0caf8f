// A film as state: where it stands, how long it is, and what may be done with it. It is one file, or
// pieces of so many seconds, of which the video element has one at a time.

import {
  type KeyboardEvent,
  type RefObject,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";

export type PlaybackState = {
  atS: number;
  durationS: number;
  isPlaying: boolean;
  isMuted: boolean;
  rate: number;
  isBroken: boolean;
};

/** What may be done with a player from outside. Seconds count from the start of the film. */
export type PlayerHandle = {
  seek: (seconds: number) => void;
  skip: (seconds: number) => void;
  step: (frames: number) => void;
  toggle: () => void;
  play: () => void;
  pause: () => void;
};

export type Film = {
  src: string;
  /** Null: it is one file. */
  pieceS?: number | null;
  /** Where it stands at first; another one is sought. */
  startS?: number;
  /** As far as it is known before the browser has read it. */
  lengthS?: number;
  frameRate: number;
};

export const RATES = [0.25, 0.5, 1, 1.5, 2, 4, 8];
const AT_FIRST: PlaybackState = {
  atS: 0,
  durationS: 0,
  isPlaying: false,
  isMuted: true,
  rate: 1,
  isBroken: false,
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
/** What is left of a film after a piece is worth another one. */
const LEAST_S = 0.5;

/** What the video element is to show and do once it has read its file. */
type Goal = { atS: number; plays: boolean };

export type Playback = { src: string; state: PlaybackState; handle: PlayerHandle };

export function usePlayback(video: RefObject<HTMLVideoElement | null>, film: Film): Playback {
  const { src, pieceS, startS, frameRate } = film;
  const name = `${src} ${pieceS ?? ""}`;
  const first = { name, piece: pieceOf(startS ?? 0, film) };
  const [place, setPlace] = useState(first);
  if (place.name !== name) setPlace(first);
  const { piece } = place.name === name ? place : first;
  const offsetS = piece * (pieceS ?? 0);
  const goal = useRef<Goal | null>(null);
  const { state, read } = useSteps(video, goal, offsetS);
  const toldS = film.lengthS ?? 0;
  const lengthS = pieceS ? Math.max(toldS, state.durationS) : state.durationS || toldS;

  const aim = (element: HTMLVideoElement, atS: number, plays: boolean) => {
    const wanted = pieceOf(atS, { pieceS, lengthS });
    setPlace((before) =>
      before.name === name && before.piece === wanted ? before : { name, piece: wanted },
    );
    const isHere = wanted === piece && element.readyState >= HTMLMediaElement.HAVE_METADATA;
    goal.current = isHere ? null : { atS: Math.max(atS, 0), plays };
    if (isHere) element.currentTime = Math.min(Math.max(atS - offsetS, 0), element.duration || 0);
    read();
  };
  const latest = useLatest({
    seek: (element: HTMLVideoElement, seconds: number) =>
      aim(element, seconds, isToPlay(element, goal.current)),
    skip: (element: HTMLVideoElement, seconds: number) =>
      latest.current.seek(element, atOf(element, goal.current, offsetS) + seconds),
    turn: (element: HTMLVideoElement, plays: boolean) => {
      if (goal.current || element.readyState < HTMLMediaElement.HAVE_METADATA)
        goal.current = { atS: atOf(element, goal.current, offsetS), plays };
      if (plays) void element.play().catch(() => undefined);
      else element.pause();
      read();
    },
    arrive: (element: HTMLVideoElement) => {
      if (!goal.current) return;
      const { atS, plays } = goal.current;
      goal.current = null;
      element.currentTime = Math.max(atS - offsetS, 0);
      if (plays) void element.play().catch(() => undefined);
    },
    goOn: (element: HTMLVideoElement) => {
      const nextS = offsetS + (pieceS ?? 0);
      if (pieceS && !goal.current && nextS + LEAST_S < lengthS) aim(element, nextS, true);
    },
  });
  useEffect(() => {
    const element = video.current;
    if (!element) return;
    const arrive = () => latest.current.arrive(element);
    const goOn = () => latest.current.goOn(element);
    element.addEventListener("loadedmetadata", arrive);
    element.addEventListener("ended", goOn);
    return () => {
      element.removeEventListener("loadedmetadata", arrive);
      element.removeEventListener("ended", goOn);
    };
  }, [video, latest]);
  const handle = useMemo(() => {
    const act = (deed: (element: HTMLVideoElement) => void) => video.current && deed(video.current);
    const seek = (seconds: number) => act((element) => latest.current.seek(element, seconds));
    const skip = (seconds: number) => act((element) => latest.current.skip(element, seconds));
    const play = () => act((element) => latest.current.turn(element, true));
    const pause = () => act((element) => latest.current.turn(element, false));
    const step = (frames: number) => {
      pause();
      skip(frames / frameRate);
    };
    const toggle = () =>
      act((element) => latest.current.turn(element, !isToPlay(element, goal.current)));
    return { seek, skip, step, toggle, play, pause };
  }, [video, latest, frameRate]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another film begins at its own moment
  useEffect(() => {
    if (startS !== undefined) handle.seek(startS);
  }, [handle, name, startS]);
  return {
    src: pieceS ? `${src}?piece=${piece}` : src,
    state: { ...state, durationS: lengthS },
    handle,
  };
}

function useLatest<T>(value: T): RefObject<T> {
  const latest = useRef(value);
  useLayoutEffect(() => {
    latest.current = value;
  });
  return latest;
}

function isToPlay(element: HTMLVideoElement, goal: Goal | null): boolean {
  return goal?.plays ?? !element.paused;
}

function pieceOf(atS: number, { pieceS, lengthS }: Pick<Film, "pieceS" | "lengthS">): number {
  if (!pieceS) return 0;
  const last = lengthS ? Math.ceil(lengthS / pieceS) - 1 : Number.POSITIVE_INFINITY;
  return Math.max(0, Math.min(Math.floor(atS / pieceS), last));
}

/** Smooth while it plays: a step a frame of the screen, not four a second. */
function useSteps(
  video: RefObject<HTMLVideoElement | null>,
  goal: RefObject<Goal | null>,
  offsetS: number,
): { state: PlaybackState; read: () => void } {
  const [state, setState] = useState(AT_FIRST);
  const latest = useLatest(() => {
    const element = video.current;
    if (element) setState((before) => different(before, stateOf(element, goal.current, offsetS)));
  });
  useEffect(() => {
    const element = video.current;
    if (!element) return;
    let frame = 0;
    const run = () => {
      latest.current();
      frame = element.paused ? 0 : requestAnimationFrame(run);
    };
    const hear = () => {
      if (frame) return latest.current();
      run();
    };
    for (const name of EVENTS) element.addEventListener(name, hear);
    latest.current();
    return () => {
      cancelAnimationFrame(frame);
      for (const name of EVENTS) element.removeEventListener(name, hear);
    };
  }, [video, latest]);
  return { state, read: () => latest.current() };
}

function atOf(element: HTMLVideoElement, goal: Goal | null, offsetS: number): number {
  return goal ? goal.atS : offsetS + element.currentTime;
}

function stateOf(element: HTMLVideoElement, goal: Goal | null, offsetS: number): PlaybackState {
  return {
    atS: atOf(element, goal, offsetS),
    durationS: Number.isFinite(element.duration) ? offsetS + element.duration : 0,
    isPlaying: goal ? goal.plays : !element.paused && !element.ended,
    isMuted: element.muted,
    rate: element.playbackRate,
    isBroken: element.error !== null,
  };
}

function different(before: PlaybackState, after: PlaybackState): PlaybackState {
  const names = Object.keys(after) as (keyof PlaybackState)[];
  return names.some((name) => before[name] !== after[name]) ? after : before;
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
