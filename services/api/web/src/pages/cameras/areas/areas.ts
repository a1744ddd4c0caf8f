// Masks and zones as they are drawn: polygons in shares of the picture's width and height. Pure.

import type { CameraView } from "@/api/client";

export type Point = [x: number, y: number];
export type Kind = "mask" | "zone";
/** `key` tells areas apart while they are edited; masks have no name. */
export type Area = { key: number; kind: Kind; name: string; points: Point[] };

export const MOST_AREAS = 32;
export const MOST_CORNERS = 64;
const DIGITS = 4;

export function areasOf({ masks, zones }: Pick<CameraView, "masks" | "zones">): Area[] {
  const drawn = [
    ...masks.map((points) => ({ kind: "mask" as const, name: "", points })),
    ...zones.map(({ name, polygon }) => ({ kind: "zone" as const, name, points: polygon })),
  ];
  return drawn.map((area, key) => ({ ...area, key }));
}

export function bodyOf(areas: Area[]): Pick<CameraView, "masks" | "zones"> {
  const of = (kind: Kind) => areas.filter((area) => area.kind === kind);
  return {
    masks: of("mask").map(({ points }) => points.map(rounded)),
    zones: of("zone").map(({ name, points }) => ({
      name: name.trim(),
      polygon: points.map(rounded),
    })),
  };
}

export function within([x, y]: Point): Point {
  return [Math.min(Math.max(x, 0), 1), Math.min(Math.max(y, 0), 1)];
}

/** The point after an arrow key, or null: it is none. */
export function nudged([x, y]: Point, key: string, isFar: boolean): Point | null {
  const step = isFar ? 0.05 : 0.01;
  const by: Record<string, Point> = {
    ArrowLeft: [-step, 0],
    ArrowRight: [step, 0],
    ArrowUp: [0, -step],
    ArrowDown: [0, step],
  };
  const move = by[key];
  return move ? within([x + move[0], y + move[1]]) : null;
}

export function withCorner(area: Area, place: number, point: Point): Area {
  return { ...area, points: area.points.with(place, within(point)) };
}

/** Without that corner; null where no polygon would be left. */
export function withoutCorner(area: Area, place: number): Area | null {
  if (area.points.length <= 3) return null;
  return { ...area, points: area.points.toSpliced(place, 1) };
}

/** With one corner more, in the middle of the side after `place`. */
export function withMiddle(area: Area, place: number): Area {
  const [one, other] = [area.points[place], area.points[(place + 1) % area.points.length]];
  if (!one || !other || area.points.length >= MOST_CORNERS) return area;
  const middle: Point = [(one[0] + other[0]) / 2, (one[1] + other[1]) / 2];
  return { ...area, points: area.points.toSpliced(place + 1, 0, middle) };
}

/** A name that no other zone has: "Zone 3". */
export function freeName(word: string, areas: Area[]): string {
  const taken = new Set(areas.map(({ name }) => name));
  let number = 1;
  while (taken.has(`${word} ${number}`)) number += 1;
  return `${word} ${number}`;
}

/** Keys of zones without a name, or with one that another has. */
export function unnamed(areas: Area[]): Set<number> {
  const zones = areas.filter(({ kind }) => kind === "zone");
  const names = zones.map(({ name }) => name.trim());
  const isOwn = (name: string) => name && names.indexOf(name) === names.lastIndexOf(name);
  const faulty = zones.filter(({ name }) => !isOwn(name.trim()));
  return new Set(faulty.map(({ key }) => key));
}

function rounded([x, y]: Point): Point {
  return [Number(x.toFixed(DIGITS)), Number(y.toFixed(DIGITS))];
}
