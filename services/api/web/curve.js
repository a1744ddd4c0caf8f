// The score curve: calibrated scores over time, a line a head with its high mark, alerts as bands
// in the colour of the head that raised them, a playhead.

import { clock } from "./text.js";

const PAD = { left: 34, right: 12, top: 12, bottom: 22 };
const COLORS = ["curve", "violet", "good", "rose"];
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];

/** One line a head; where there is only one, a single line without a name. */
export function lines({ clips, heads }) {
  if (heads.length < 2) {
    const mark = heads[0]?.high_mark ?? null;
    return [{ rule: null, label: "", mark, color: "curve", scores: clips.map((clip) => clip.calibrated) }];
  }
  return heads.map(({ rule, label, high_mark }, number) => ({
    rule, label, mark: high_mark, color: COLORS[number % COLORS.length],
    scores: clips.map((clip) => clip.heads?.find((said) => said.rule === rule)?.calibrated ?? null),
  }));
}

export class Curve {
  /** `seek(seconds)` is called on a click, a touch, and on the arrow keys. */
  constructor(canvas, seek) {
    this.canvas = canvas;
    this.seek = seek;
    this.clips = [];
    this.alerts = [];
    this.duration = 1;
    this.lines = [];
    this.now = 0;
    this.pointer = null;
    const colors = getComputedStyle(document.documentElement);
    this.color = (name) => colors.getPropertyValue(`--${name}`).trim();
    canvas.addEventListener("pointerdown", (event) => this.#grab(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerleave", () => this.#leave());
    canvas.addEventListener("keydown", (event) => this.#key(event));
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(canvas);
  }

  show(timeline, duration) {
    const { clips, alerts } = timeline;
    this.clips = clips;
    this.alerts = alerts;
    this.lines = lines(timeline);
    this.duration = Math.max(duration || 0, clips.at(-1)?.end_s ?? 0, 1);
    this.draw();
  }

  playhead(seconds) {
    this.now = seconds;
    this.draw();
  }

  close() {
    this.observer.disconnect();
  }

  #time(event) {
    const share = (event.offsetX - PAD.left) / (this.width - PAD.left - PAD.right);
    return Math.min(Math.max(share, 0), 1) * this.duration;
  }

  #grab(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.seek(this.#time(event));
  }

  #move(event) {
    this.pointer = this.#time(event);
    if (event.buttons) this.seek(this.pointer);
    this.draw();
  }

  #leave() {
    this.pointer = null;
    this.draw();
  }

  #key(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1, PageDown: -10, PageUp: 10 }[event.key];
    if (!step) return;
    event.preventDefault();
    this.seek(Math.min(Math.max(this.now + step, 0), this.duration));
  }

  x(seconds) {
    return PAD.left + (seconds / this.duration) * (this.width - PAD.left - PAD.right);
  }

  y(score) {
    return PAD.top + (1 - score) * (this.height - PAD.top - PAD.bottom);
  }

  draw() {
    const ratio = window.devicePixelRatio || 1;
    this.width = this.canvas.clientWidth;
    this.height = this.canvas.clientHeight;
    if (!this.width) return;
    this.canvas.width = this.width * ratio;
    this.canvas.height = this.height * ratio;
    this.pen = this.canvas.getContext("2d");
    this.pen.scale(ratio, ratio);
    this.pen.font = "11px system-ui, sans-serif";
    this.#grid();
    this.#bands();
    for (const line of this.lines) this.#head(line);
    this.#highMarks();
    this.#line(this.now, "text", 1.5);
    if (this.pointer !== null) this.#tip(this.pointer);
  }

  #grid() {
    const { pen } = this;
    pen.strokeStyle = this.color("line");
    pen.fillStyle = this.color("dim");
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    for (const score of [0, 0.5, 1]) {
      this.#rule(score);
      pen.fillText(score.toFixed(1), PAD.left - 8, this.y(score));
    }
    pen.textAlign = "center";
    pen.textBaseline = "top";
    const room = (this.width - PAD.left - PAD.right) / 72;
    const step = STEPS_S.find((one) => this.duration / one <= room) ?? 14400;
    for (let time = 0; time <= this.duration; time += step)
      pen.fillText(clock(time), Math.min(this.x(time), this.width - 20), this.height - PAD.bottom + 7);
  }

  #rule(score) {
    const y = Math.round(this.y(score)) + 0.5;
    this.pen.beginPath();
    this.pen.moveTo(PAD.left, y);
    this.pen.lineTo(this.width - PAD.right, y);
    this.pen.stroke();
  }

  #bands() {
    for (const alert of this.alerts) {
      const left = this.x(alert.start_s);
      const wide = Math.max(3, this.x(alert.end_s) - left);
      this.pen.fillStyle = this.color("alert-veil");
      this.pen.fillRect(left, PAD.top, wide, this.height - PAD.top - PAD.bottom);
      const head = this.lines.find((line) => line.rule === alert.rule);
      this.pen.fillStyle = this.color(head?.color ?? "alert");
      this.pen.fillRect(left, PAD.top - 4, wide, 3);
    }
  }

  /** The highest score of each pixel column, so that no peak is lost in a long video. */
  #columns(scores) {
    const columns = new Map();
    for (const [index, clip] of this.clips.entries()) {
      if (scores[index] === null) continue;
      const column = Math.round(this.x((clip.start_s + clip.end_s) / 2));
      columns.set(column, Math.max(columns.get(column) ?? 0, scores[index]));
    }
    const points = [...columns].sort((one, other) => one[0] - other[0]);
    if (points.length) { // the first clip begins, and the last ends, half a clip further out
      points.unshift([this.x(this.clips[0].start_s), points[0][1]]);
      points.push([this.x(this.clips.at(-1).end_s), points.at(-1)[1]]);
    }
    return points;
  }

  #head({ scores, color }) {
    const points = this.#columns(scores);
    if (!points.length) return;
    if (this.lines.length === 1) this.#shade(points);
    const { pen } = this;
    pen.beginPath();
    for (const [x, score] of points) pen.lineTo(x, this.y(score));
    pen.strokeStyle = this.color(color);
    pen.lineWidth = 1.8;
    pen.lineJoin = "round";
    pen.stroke();
    pen.lineWidth = 1;
  }

  #shade(points) {
    const { pen } = this;
    const shade = pen.createLinearGradient(0, PAD.top, 0, this.height - PAD.bottom);
    shade.addColorStop(0, this.color("curve-veil"));
    shade.addColorStop(1, "transparent");
    pen.beginPath();
    pen.moveTo(points[0][0], this.y(0));
    for (const [x, score] of points) pen.lineTo(x, this.y(score));
    pen.lineTo(points.at(-1)[0], this.y(0));
    pen.fillStyle = shade;
    pen.fill();
  }

  /** A mark that heads share is drawn once, with words; marks that differ stand in the legend. */
  #highMarks() {
    const [{ mark }] = this.lines;
    if (this.lines.some((line) => line.mark !== mark))
      for (const line of this.lines) this.#highMark(line.mark, line.color);
    else if (this.#highMark(mark, "mark"))
      this.pen.fillText(`high mark ${mark.toFixed(2)}`, PAD.left + 6, this.y(mark) - 2);
  }

  #highMark(mark, color) {
    if (mark === null || mark === undefined) return false;
    const { pen } = this;
    pen.strokeStyle = this.color(color);
    pen.setLineDash([5, 4]);
    this.#rule(mark);
    pen.setLineDash([]);
    pen.fillStyle = this.color(color);
    pen.textAlign = "left";
    pen.textBaseline = "bottom";
    return true;
  }

  #line(seconds, color, wide) {
    this.pen.fillStyle = this.color(color);
    this.pen.fillRect(this.x(seconds) - wide / 2, PAD.top - 4, wide, this.height - PAD.top - PAD.bottom + 4);
  }

  #tip(seconds) {
    const index = this.clips.findIndex((one) => one.start_s <= seconds && seconds < one.end_s);
    const said = this.lines.map(({ label, scores }) => `${label} ${scores[index]?.toFixed(2) ?? "–"}`.trim());
    const words = [clock(seconds, true), ...(index < 0 ? [] : said)].join("   ");
    const { pen } = this;
    this.#line(seconds, "dim", 1);
    const wide = pen.measureText(words).width + 16;
    const left = Math.min(this.x(seconds) + 8, this.width - wide - 4);
    pen.fillStyle = this.color("raised");
    pen.beginPath();
    pen.roundRect(left, PAD.top + 4, wide, 22, 6);
    pen.fill();
    pen.fillStyle = this.color("text");
    pen.textAlign = "left";
    pen.textBaseline = "middle";
    pen.fillText(words, left + 8, PAD.top + 15.5);
  }
}
