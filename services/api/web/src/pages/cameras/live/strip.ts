// The scores of the latest minutes, moving to the left: what is to be drawn. Pure but for the pen.

export type StripClip = { at: number; until: number; scores: Record<string, number> };
export type StripHead = { rule: string; label: string; highMark: number | null };
export type StripBand = { from: number; to: number; tone: "alert" | "wrong" };
export type Strip = { clips: StripClip[]; heads: StripHead[]; bands: StripBand[] };

export const STRIP_MS = 5 * 60_000;
const GAP_MS = 2_500;
const PAD = { top: 8, bottom: 20, left: 28 };

/** The strip with one clip more; what has left it is forgotten. A clip that came twice counts once. */
export function grown(strip: Strip, clip: StripClip, heads: StripHead[], now: number): Strip {
  const kept = strip.clips.filter(({ at }) => at > now - STRIP_MS - 10_000 && at !== clip.at);
  const place = kept.findLastIndex(({ at }) => at < clip.at) + 1;
  const others = strip.heads.filter(({ rule }) => !heads.some((head) => head.rule === rule));
  return {
    clips: kept.toSpliced(place, 0, clip),
    heads: [...others, ...heads],
    bands: strip.bands.filter(({ to }) => to > now - STRIP_MS),
  };
}

/** Runs of clips that follow one another: a line is drawn within, never across a gap. */
export function runs(clips: StripClip[], rule: string): [at: number, score: number][][] {
  const found: [number, number][][] = [];
  let before = Number.NEGATIVE_INFINITY;
  for (const { at, until, scores } of clips) {
    const score = scores[rule];
    if (score === undefined) continue;
    if (at - before > GAP_MS) found.push([]);
    found.at(-1)?.push([(at + until) / 2, score]);
    before = until;
  }
  return found;
}

export type StripColours = Record<
  "curve" | "violet" | "good" | "rose" | "line" | "dim" | "warning" | "raised" | "alert-veil",
  string
>;
const LINES = ["curve", "violet", "good", "rose"] as const;

export function paint(canvas: HTMLCanvasElement, strip: Strip, now: number, colour: StripColours) {
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext("2d");
  if (!pen || !width) return;
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.font = "11px system-ui, sans-serif";
  const x = (at: number) => PAD.left + ((at - now) / STRIP_MS + 1) * (width - PAD.left);
  const y = (score: number) => PAD.top + (1 - score) * (height - PAD.top - PAD.bottom);
  paintGrid(pen, width, height, y, colour);
  pen.save();
  pen.beginPath();
  pen.rect(PAD.left, 0, width, height);
  pen.clip();
  for (const { from, to, tone } of strip.bands) {
    pen.fillStyle = tone === "alert" ? colour["alert-veil"] : colour.raised;
    pen.fillRect(x(from), PAD.top, Math.max(2, x(to) - x(from)), y(0) - PAD.top);
  }
  strip.heads.forEach(({ rule, highMark }, number) => {
    const own = colour[LINES[number % LINES.length] ?? "curve"];
    paintMark(pen, highMark, width, y, strip.heads.length > 1 ? own : colour.warning);
    for (const run of runs(strip.clips, rule)) paintRun(pen, run, x, y, own);
  });
  pen.restore();
}

type Scale = (value: number) => number;

function paintGrid(
  pen: CanvasRenderingContext2D,
  width: number,
  height: number,
  y: Scale,
  colour: StripColours,
): void {
  pen.strokeStyle = colour.line;
  pen.fillStyle = colour.dim;
  pen.lineWidth = 1;
  pen.textBaseline = "middle";
  pen.textAlign = "right";
  for (const score of [0, 0.5, 1]) {
    rule(pen, y(score), width);
    pen.fillText(String(score), PAD.left - 6, y(score));
  }
  pen.textBaseline = "top";
  const minutes = new Intl.NumberFormat(document.documentElement.lang, {
    style: "unit",
    unit: "minute",
  });
  for (let minute = 0; minute < STRIP_MS / 60_000; minute += 1) {
    const left = PAD.left + ((width - PAD.left) * minute) / (STRIP_MS / 60_000);
    pen.textAlign = "left";
    pen.fillText(minutes.format(minute - STRIP_MS / 60_000), left, height - PAD.bottom + 6);
  }
}

function rule(pen: CanvasRenderingContext2D, y: number, width: number): void {
  pen.beginPath();
  pen.moveTo(PAD.left, Math.round(y) + 0.5);
  pen.lineTo(width, Math.round(y) + 0.5);
  pen.stroke();
}

function paintMark(
  pen: CanvasRenderingContext2D,
  mark: number | null,
  width: number,
  y: Scale,
  colour: string,
): void {
  if (mark === null) return;
  pen.strokeStyle = colour;
  pen.setLineDash([5, 4]);
  rule(pen, y(mark), width);
  pen.setLineDash([]);
}

function paintRun(
  pen: CanvasRenderingContext2D,
  run: [number, number][],
  x: Scale,
  y: Scale,
  colour: string,
): void {
  pen.strokeStyle = colour;
  pen.lineWidth = 1.8;
  pen.lineJoin = "round";
  pen.beginPath();
  for (const [at, score] of run) pen.lineTo(x(at), y(score));
  const first = run[0];
  if (run.length === 1 && first) pen.lineTo(x(first[0]) + 2, y(first[1]));
  pen.stroke();
}
