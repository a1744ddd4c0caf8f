// Which stretch of time is shown, and how finely. Pure; moments are milliseconds since 1970.

import { midnight, offsetMs } from "./zones";

export type View = { from: number; to: number };
export type Resolution = "hour" | "minute" | "clip";

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const SHORTEST = 10 * SECOND;
export const LONGEST = 40 * DAY;

/** Of each resolution: how long a step is, and how much is read at once. */
export const GRAINS: Record<Resolution, { step: number; tile: number }> = {
  hour: { step: HOUR, tile: 32 * DAY },
  minute: { step: MINUTE, tile: 2 * DAY },
  clip: { step: SECOND, tile: HOUR },
};

export function resolutionFor(view: View, width: number): Resolution {
  const perPixel = (view.to - view.from) / Math.max(width, 1);
  if (perPixel > 4 * MINUTE) return "hour";
  return perPixel > 4 * SECOND ? "minute" : "clip";
}

export function around(at: number, span: number): View {
  const length = Math.min(Math.max(span, SHORTEST), LONGEST);
  return { from: at - length / 2, to: at + length / 2 };
}

/** Moved by a part of its length. */
export function panned({ from, to }: View, part: number): View {
  const by = (to - from) * part;
  return { from: from + by, to: to + by };
}

/** `factor` below 1 comes nearer; the moment `at` stays where it is on the screen. */
export function zoomed({ from, to }: View, factor: number, at: number): View {
  const length = to - from;
  const wanted = Math.min(Math.max(length * factor, SHORTEST), LONGEST);
  const start = at - ((at - from) / length) * wanted;
  return { from: start, to: start + wanted };
}

/** The same length, moved as little as it takes to have the moment in it. */
export function holding(view: View, at: number): View {
  if (at < view.from) return { from: at, to: at + view.to - view.from };
  if (at > view.to) return { from: at - (view.to - view.from), to: at };
  return view;
}

/** Numbers of the tiles that a view touches. */
export function tilesOf({ from, to }: View, resolution: Resolution): number[] {
  const { tile } = GRAINS[resolution];
  const first = Math.floor(from / tile);
  const last = Math.floor((to - 1) / tile);
  return Array.from({ length: last - first + 1 }, (_, number) => first + number);
}

const STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR),
];
const DAYS = [1, 2, 7, 14];
export type Tick = { at: number; form: "day" | "minute" | "time" };

/** Where the axis has words, at least `room` pixels from one another. */
export function ticks({ from, to }: View, width: number, zone: string, room = 84): Tick[] {
  const needed = ((to - from) / Math.max(width, 1)) * room;
  const step = STEPS.find((each) => each >= needed);
  if (step === undefined) return dayTicks({ from, to }, needed, zone);
  const found: Tick[] = [];
  const offset = offsetMs(zone, from);
  for (let at = Math.ceil((from + offset) / step) * step - offset; at < to; at += step) {
    const isMidnight = (at + offset) % DAY === 0;
    found.push({ at, form: isMidnight ? "day" : step < MINUTE ? "time" : "minute" });
  }
  return found;
}

function dayTicks({ from, to }: View, needed: number, zone: string): Tick[] {
  const days = DAYS.find((count) => count * DAY >= needed) ?? 14;
  const found: Tick[] = [];
  for (let at = midnight(zone, from, 1); at < to; at = midnight(zone, at + HOUR, days))
    found.push({ at, form: "day" });
  return found;
}
