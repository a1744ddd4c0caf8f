// Draws score lines, marks and bands onto a canvas. What moves (playhead, tip) lies above it as
// elements, so that playing draws nothing anew.

import type { Band, Line } from "./series";

export const PAD = { left: 34, right: 10, top: 10, bottom: 20 };
const STEPS_S = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400,
];
const TICK_PX = 76;
const NAMES = [
  "line",
  "dim",
  "text",
  "warning",
  "alert",
  "alert-veil",
  "curve",
  "violet",
  "good",
  "rose",
] as const;

export type Scene = {
  lines: Line[];
  bands: Band[];
  fromS: number;
  untilS: number;
  tick: (seconds: number) => string;
  /** What the shared high mark is called beside its line. */
  markName: (mark: number) => string;
};

type Pen = CanvasRenderingContext2D;

export function paint(canvas: HTMLCanvasElement, scene: Scene): void {
  const { clientWidth: width, clientHeight: height } = canvas;
  const pen = width ? canvas.getContext("2d") : null;
  if (!pen) return;
  const ratio = window.devicePixelRatio || 1;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  pen.scale(ratio, ratio);
  pen.font = "11px system-ui, sans-serif";
  new Painting(pen, width, height, palette(canvas), scene).all();
}

/** Tokens may depend on the theme: the browser resolves them as the colour of an element. */
function palette(canvas: HTMLCanvasElement): Record<string, string> {
  const before = canvas.style.color;
  const colours = NAMES.map((name) => {
    canvas.style.color = `var(--${name})`;
    return [name, getComputedStyle(canvas).color];
  });
  canvas.style.color = before;
  return Object.fromEntries(colours);
}

class Painting {
  constructor(
    private readonly pen: Pen,
    private readonly width: number,
    private readonly height: number,
    private readonly colours: Record<string, string>,
    private readonly scene: Scene,
  ) {}

  all(): void {
    this.grid();
    this.bands();
    for (const line of this.scene.lines) this.line(line);
    this.marks();
  }

  private x(seconds: number): number {
    const { fromS, untilS } = this.scene;
    const share = (seconds - fromS) / Math.max(untilS - fromS, 1e-6);
    return PAD.left + share * (this.width - PAD.left - PAD.right);
  }

  private y(score: number): number {
    return PAD.top + (1 - score) * (this.height - PAD.top - PAD.bottom);
  }

  private colour(name: string): string {
    return this.colours[name] ?? "";
  }

  private grid(): void {
    const { pen } = this;
    const { fromS, untilS, tick } = this.scene;
    pen.strokeStyle = this.colour("line");
    pen.fillStyle = this.colour("dim");
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    for (const score of [0, 0.5, 1]) {
      this.level(score);
      pen.fillText(score.toFixed(1), PAD.left - 8, this.y(score));
    }
    pen.textAlign = "center";
    pen.textBaseline = "top";
    const room = (this.width - PAD.left - PAD.right) / TICK_PX;
    const step = STEPS_S.find((size) => (untilS - fromS) / size <= room) ?? 604_800;
    for (let time = Math.ceil(fromS / step) * step; time <= untilS; time += step)
      pen.fillText(
        tick(time),
        Math.min(this.x(time), this.width - 22),
        this.height - PAD.bottom + 6,
      );
  }

  private level(score: number): void {
    const y = Math.round(this.y(score)) + 0.5;
    this.pen.beginPath();
    this.pen.moveTo(PAD.left, y);
    this.pen.lineTo(this.width - PAD.right, y);
    this.pen.stroke();
  }

  private bands(): void {
    const { pen } = this;
    for (const band of this.scene.bands) {
      const left = Math.max(this.x(band.start_s), PAD.left);
      const right = Math.min(this.x(band.end_s), this.width - PAD.right);
      const wide = Math.max(3, right - left);
      pen.fillStyle = this.colour("alert-veil");
      pen.fillRect(left, PAD.top, wide, this.height - PAD.top - PAD.bottom);
      const own = this.scene.lines.length > 1 ? this.lineOf(band.rule) : undefined;
      pen.fillStyle = this.colour(own?.colour ?? "alert");
      pen.fillRect(left, PAD.top - 4, wide, 3);
    }
  }

  private lineOf(rule: string): Line | undefined {
    return this.scene.lines.find((line) => line.rule === rule);
  }

  private line(line: Line): void {
    const { pen } = this;
    for (const points of this.stretches(line)) {
      if (this.scene.lines.length === 1) this.shade(points, line.colour);
      pen.beginPath();
      for (const [x, score] of points) pen.lineTo(x, this.y(score));
      pen.strokeStyle = this.colour(line.colour);
      pen.lineWidth = 1.8;
      pen.lineJoin = "round";
      pen.stroke();
      pen.lineWidth = 1;
    }
  }

  /** The highest score of each column of pixels, so that no peak is lost; parted at gaps. */
  private stretches({ points }: Line): [number, number][][] {
    const stretches: [number, number][][] = [];
    let latest: { end_s: number; score: number } | undefined;
    for (const point of points) {
      const length = point.end_s - point.start_s;
      if (!latest || point.start_s - latest.end_s > 2 * length) {
        if (latest) stretches.at(-1)?.push([this.x(latest.end_s), latest.score]);
        stretches.push([[this.x(point.start_s), point.score]]);
      }
      const x = Math.round(this.x((point.start_s + point.end_s) / 2));
      const stretch = stretches.at(-1) ?? [];
      const last = stretch.at(-1);
      if (last && last[0] === x) last[1] = Math.max(last[1], point.score);
      else stretch.push([x, point.score]);
      latest = point;
    }
    if (latest) stretches.at(-1)?.push([this.x(latest.end_s), latest.score]);
    return stretches;
  }

  private shade(points: [number, number][], colour: string): void {
    const { pen } = this;
    const first = points[0];
    const last = points.at(-1);
    if (!first || !last) return;
    pen.beginPath();
    pen.moveTo(first[0], this.y(0));
    for (const [x, score] of points) pen.lineTo(x, this.y(score));
    pen.lineTo(last[0], this.y(0));
    pen.globalAlpha = 0.14;
    pen.fillStyle = this.colour(colour);
    pen.fill();
    pen.globalAlpha = 1;
  }

  /** A mark that all lines share is drawn once, with words; marks that differ are in a legend. */
  private marks(): void {
    const { lines, markName } = this.scene;
    const marks = new Set(lines.map((line) => line.mark));
    const shared = marks.size === 1 ? (lines[0]?.mark ?? null) : null;
    if (marks.size > 1) for (const line of lines) this.mark(line.mark, line.colour);
    if (shared === null) return;
    this.mark(shared, "warning");
    const isLow = this.y(shared) > PAD.top + 16;
    this.pen.textAlign = "left";
    this.pen.textBaseline = isLow ? "bottom" : "top";
    this.pen.fillText(markName(shared), PAD.left + 6, this.y(shared) + (isLow ? -2 : 3));
  }

  private mark(mark: number | null, colour: string): void {
    if (mark === null) return;
    this.pen.strokeStyle = this.colour(colour);
    this.pen.setLineDash([5, 4]);
    this.level(mark);
    this.pen.setLineDash([]);
    this.pen.fillStyle = this.colour(colour);
  }
}
