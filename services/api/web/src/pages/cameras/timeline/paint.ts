// The rows of a timeline on a canvas. Scores are drawn as pictures of one pixel a step, made once.

import type { Tile, Tiles } from "./tiles";
import { type Resolution, resolutionFor, type Tick, ticks, tilesOf, type View } from "./view";

export const AXIS = 28;
export const ROW = 34;
const TRACK = 24;

export const TOKENS = [
  "curve",
  "alert",
  "alert-veil",
  "warning",
  "good",
  "line",
  "edge",
  "dim",
  "text",
  "panel",
  "raised",
  "accent",
] as const;
export type Palette = Record<(typeof TOKENS)[number], string>;

export type Scene = {
  sourceIds: string[];
  view: View;
  zone: string;
  now: number;
  selected: string | null;
  cursor: number | null;
  palette: Palette;
  word: (tick: Tick) => string;
};

export function paint(canvas: HTMLCanvasElement, tiles: Tiles, scene: Scene): void {
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, AXIS + ROW * scene.sourceIds.length];
  const wanted = [Math.round(width * ratio), Math.round(height * ratio)] as const;
  if (canvas.width !== wanted[0]) canvas.width = wanted[0];
  if (canvas.height !== wanted[1]) canvas.height = wanted[1];
  const pen = canvas.getContext("2d");
  if (!pen || !width) return;
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  const { from, to } = scene.view;
  const x = (at: number) => ((Math.min(Math.max(at, from), to) - from) / (to - from)) * width;
  paintAxis(pen, scene, x, width, height);
  const resolution = resolutionFor(scene.view, width);
  scene.sourceIds.forEach((sourceId, number) => {
    const y = AXIS + number * ROW + (ROW - TRACK) / 2;
    paintRow(pen, tiles, sourceId, scene, resolution, { x, y, width });
  });
  if (scene.cursor !== null && scene.cursor >= from && scene.cursor <= to) {
    pen.fillStyle = scene.palette.text;
    pen.fillRect(x(scene.cursor) - 0.75, AXIS - 8, 1.5, height);
  }
}

type Place = { x: (at: number) => number; y: number; width: number };

function paintAxis(
  pen: CanvasRenderingContext2D,
  { view, zone, palette, word, now }: Scene,
  x: (at: number) => number,
  width: number,
  height: number,
): void {
  pen.font = "12px system-ui, sans-serif";
  pen.textBaseline = "middle";
  pen.textAlign = "left";
  for (const tick of ticks(view, width, zone)) {
    const left = Math.round(x(tick.at)) + 0.5;
    pen.fillStyle = palette.line;
    pen.fillRect(left, 0, 1, height);
    pen.fillStyle = tick.form === "day" ? palette.text : palette.dim;
    pen.fillText(word(tick), left + 5, AXIS / 2 - 2);
  }
  if (now < view.to && now > view.from) {
    pen.fillStyle = palette.accent;
    pen.fillRect(x(now), AXIS - 8, 1, height);
  }
}

function paintRow(
  pen: CanvasRenderingContext2D,
  tiles: Tiles,
  sourceId: string,
  scene: Scene,
  resolution: Resolution,
  place: Place,
): void {
  const { view, palette, now } = scene;
  const { x, y } = place;
  const past = x(Math.min(now, view.to));
  pen.fillStyle = palette.panel;
  pen.fillRect(0, y, past, TRACK);
  const row = tiles.row(sourceId);
  for (const { from, to, condition } of row.conditions.values()) {
    const end = Math.min(to, now);
    if (end <= view.from || from >= view.to) continue;
    const [left, wide] = [x(from), Math.max(x(end) - x(from), 1)];
    if (condition === "offline" || condition === "frozen") {
      pen.fillStyle = hatch(pen, palette);
      pen.fillRect(left, y, wide, TRACK);
    } else if (condition === "still") {
      pen.fillStyle = palette.raised;
      pen.fillRect(left, y, wide, TRACK);
      pen.fillStyle = palette.edge;
      pen.fillRect(left, y + TRACK / 2 - 1, wide, 1.5);
    } else {
      pen.fillStyle = palette.warning;
      pen.fillRect(left, y + TRACK - 3, Math.max(wide, 2), 3);
    }
  }
  for (const number of tilesOf(view, resolution)) {
    const tile = tiles.tile(sourceId, resolution, number);
    if (tile) paintTile(pen, tile, number, resolution, scene, place);
  }
  for (const { from, to } of row.recorded.values()) {
    if (to <= view.from || from >= view.to) continue;
    pen.fillStyle = palette.good;
    pen.fillRect(x(from), y + TRACK, Math.max(x(to) - x(from), 1), 2);
  }
  for (const { from, to, isHealth } of row.alerts.values()) {
    if (isHealth || to <= view.from || from >= view.to) continue;
    const wide = Math.max(x(to) - x(from), 3);
    pen.fillStyle = palette["alert-veil"];
    pen.fillRect(x(from), y, wide, TRACK);
    pen.fillStyle = palette.alert;
    pen.fillRect(x(from), y - 4, wide, 4);
  }
  if (sourceId !== scene.selected) return;
  pen.strokeStyle = palette.accent;
  pen.strokeRect(0.5, y - 4.5, place.width - 1, TRACK + 8);
}

function paintTile(
  pen: CanvasRenderingContext2D,
  tile: Tile,
  number: number,
  resolution: Resolution,
  { view, palette }: Scene,
  { y, width }: Place,
): void {
  const perPixel = (view.to - view.from) / width;
  const together = 2 ** Math.max(0, Math.ceil(Math.log2(perPixel / tile.step)));
  const picture = pictureOf(tile, together, palette);
  const step = tile.step * together;
  // Of a coarser tile that stands in for a finer one just that part is drawn.
  const size = { hour: 32 * 86_400_000, minute: 2 * 86_400_000, clip: 3_600_000 }[resolution];
  const from = Math.max(number * size, tile.from, view.from);
  const to = Math.min((number + 1) * size, tile.from + tile.top.length * tile.step, view.to);
  if (to <= from) return;
  pen.imageSmoothingEnabled = false;
  pen.drawImage(
    picture,
    (from - tile.from) / step,
    0,
    (to - from) / step,
    1,
    (from - view.from) / perPixel,
    y,
    (to - from) / perPixel,
    TRACK,
  );
}

const pictures = new WeakMap<Tile, { key: string; picture: HTMLCanvasElement }>();

/** One pixel for each `together` steps: the higher the score the stronger; red from the mark on. */
function pictureOf(tile: Tile, together: number, palette: Palette): HTMLCanvasElement {
  const key = `${tile.turn} ${together} ${palette.curve} ${palette.alert}`;
  const known = pictures.get(tile);
  if (known?.key === key) return known.picture;
  const picture = known?.picture ?? document.createElement("canvas");
  const width = Math.ceil(tile.top.length / together);
  picture.width = width;
  picture.height = 1;
  const pen = picture.getContext("2d");
  const image = new ImageData(width, 1);
  const [low, high] = [channels(palette.curve), channels(palette.alert)];
  for (let place = 0; place < width; place += 1) {
    let top = Number.NaN;
    for (let step = place * together; step < (place + 1) * together; step += 1) {
      const score = tile.top[step] ?? Number.NaN;
      if (!(top >= score) && !Number.isNaN(score)) top = score;
    }
    if (Number.isNaN(top)) continue;
    const isHigh = top >= tile.mark;
    const share = Math.min(1, top / Math.min(tile.mark, 1));
    image.data.set([...(isHigh ? high : low), isHigh ? 235 : 36 + 150 * share], place * 4);
  }
  pen?.putImageData(image, 0, 0);
  pictures.set(tile, { key, picture });
  return picture;
}

function channels(colour: string): number[] {
  return (colour.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number);
}

const hatches = new Map<string, CanvasPattern | string>();

function hatch(pen: CanvasRenderingContext2D, { raised, edge }: Palette): CanvasPattern | string {
  const key = `${raised} ${edge}`;
  const known = hatches.get(key);
  if (known) return known;
  const cell = document.createElement("canvas");
  cell.width = cell.height = 8;
  const brush = cell.getContext("2d");
  if (!brush) return raised;
  brush.fillStyle = raised;
  brush.fillRect(0, 0, 8, 8);
  brush.strokeStyle = edge;
  brush.beginPath();
  for (const shift of [-8, 0, 8]) {
    brush.moveTo(shift, 8);
    brush.lineTo(shift + 8, 0);
  }
  brush.stroke();
  const made = pen.createPattern(cell, "repeat") ?? raised;
  hatches.set(key, made);
  return made;
}
