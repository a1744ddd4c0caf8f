// How many pictures a wall shows at once, and where the keys lead.

export const LAYOUTS = [1, 4, 9, 16] as const;
export type Layout = (typeof LAYOUTS)[number];

export function pagesOf(count: number, layout: Layout): number {
  return Math.max(1, Math.ceil(count / layout));
}

/** The smallest layout that shows all, or the largest there is. */
export function layoutFor(count: number): Layout {
  return LAYOUTS.find((layout) => count <= layout) ?? 16;
}

/** The place after `place` by an arrow key among `count` tiles; the same where there is none. */
export function moved(place: number, key: string, layout: Layout, count: number): number {
  const columns = Math.sqrt(layout);
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[key] ?? 0;
  const next = place + step;
  return next < 0 || next >= count ? place : next;
}
