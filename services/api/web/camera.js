// One camera: its moving picture, the scores of the last minutes, what is wrong, its alerts.

import { evidenceUrl, get } from "./api.js";
import { Live, Screen } from "./live.js";
import { element } from "./text.js";

const MINUTES = 5;
const REFRESH_MS = 5000;
const WORDS = {
  offline: "No picture", frozen: "Frozen picture", dark: "Dark", covered: "Covered", blurred: "Blurred",
  moved: "Moved", clock_stepped: "Clock was set", still: "Nothing moves", overloaded: "Overloaded",
  clips_dropped: "Clips dropped",
};
const time = new Intl.DateTimeFormat(undefined, { dateStyle: "short", timeStyle: "medium" });
export const moment = (text) => time.format(new Date(text));

export class Camera {
  /** `act(name)` is called by the buttons: pause, resume, remove. */
  constructor(place, id, act, notice) {
    this.id = id;
    this.notice = notice;
    this.title = element("h1");
    this.facts = element("p", { className: "facts", role: "status" });
    this.buttons = element("p", { className: "buttons" });
    const canvas = element("canvas", { role: "img", ariaLabel: "Live picture", width: 640, height: 360 });
    this.age = element("span", { className: "age" }, "no picture yet");
    this.screen = new Screen(canvas, this.age);
    this.scores = element("canvas", { className: "scores", role: "img", ariaLabel: `Scores of the last ${MINUTES} minutes` });
    this.latest = element("p", { className: "dim" });
    this.conditions = element("ul", { className: "conditions" });
    this.alerts = element("ul", { className: "conditions" });
    this.act = act;
    place.replaceChildren(element("div", { className: "one" }, this.title, this.facts, this.buttons,
      element("div", { className: "screen" }, canvas, this.age),
      element("section", { className: "panel" }, element("h2", {}, `Score, last ${MINUTES} minutes`), this.scores, this.latest),
      element("section", {}, element("h2", {}, "Conditions"), this.conditions),
      element("section", {}, element("h2", {}, "Alerts"), this.alerts)));
  }

  async start() {
    await this.refresh();
    this.live = new Live(`sources/${this.id}/live`, (header, jpeg) => {
      this.notice("");
      this.screen.show(header, jpeg);
    }, this.notice);
    this.timer = setInterval(() => this.refresh().catch((error) => this.notice(error.message)), REFRESH_MS);
    this.ticking = setInterval(() => this.screen.write(), 1000);
  }

  close() {
    this.live?.close();
    clearInterval(this.timer);
    clearInterval(this.ticking);
  }

  async refresh() {
    const since = new Date(Date.now() - MINUTES * 60_000).toISOString();
    const until = new Date().toISOString();
    const [camera, line, health, alerts] = await Promise.all([
      get(`cameras/${this.id}`),
      get(`sources/${this.id}/timeline?${new URLSearchParams({ since, until, resolution: "clip" })}`),
      get(`sources/${this.id}/conditions?limit=10`),
      get(`alerts?source_id=${this.id}&limit=10`),
    ]);
    this.#head(camera);
    this.#draw(line);
    this.conditions.replaceChildren(...rows(health.items.map(condition), "Nothing is or was wrong."));
    this.alerts.replaceChildren(...rows(alerts.items.map(alert), "No alert."));
  }

  #head(camera) {
    this.title.textContent = camera.name;
    const facts = [camera.state, camera.reason, `since ${moment(camera.since)}`, camera.address];
    this.facts.textContent = facts.filter(Boolean).join("  ·  ");
    const button = (name, word) => element("button", { className: "small", onclick: () => this.act(name, camera) }, word);
    const wanted = [
      camera.is_paused ? button("resume", "Resume") : button("pause", "Pause"),
      camera.address.startsWith("push:") ? element("a", { className: "small", href: `#webcam/${this.id}` }, "Send my webcam") : null,
      button("remove", "Remove"),
    ].filter(Boolean);
    if (this.shown === `${camera.is_paused}`) return; // a button that has the focus stays
    this.shown = `${camera.is_paused}`;
    this.buttons.replaceChildren(...wanted);
  }

  #draw({ clips, conditions, heads, since, until }) {
    const { scores: canvas } = this;
    const ratio = devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    const [first, last] = [new Date(since), Date.now()];
    const x = (at) => ((new Date(at) - first) / (last - first)) * width;
    const y = (score) => 6 + (height - 12) * (1 - score);
    const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`);
    pen.fillStyle = color("raised");
    for (const one of conditions) pen.fillRect(x(one.started_at), 0, Math.max(2, (one.is_over ? x(one.ended_at) : width) - x(one.started_at)), height);
    const mark = Math.min(...heads.map((head) => head.high_mark).filter((high) => high !== null), 2);
    if (mark <= 1) {
      pen.strokeStyle = color("mark");
      pen.setLineDash([5, 4]);
      pen.strokeRect(-1, y(mark), width + 2, 0);
      pen.setLineDash([]);
    }
    pen.strokeStyle = color("curve");
    pen.lineWidth = 1.8;
    pen.beginPath();
    let before = null;
    for (const clip of clips) {
      if (before === null || clip.index > before + 2) pen.moveTo(x(clip.at), y(clip.calibrated));
      else pen.lineTo(x(clip.at), y(clip.calibrated));
      before = clip.index;
    }
    pen.stroke();
    const newest = clips.at(-1);
    this.latest.textContent = newest
      ? `Latest ${newest.calibrated.toFixed(2)} at ${moment(newest.at)}${mark <= 1 ? `; the mark stands at ${mark.toFixed(2)}` : ""}.`
      : `No score between ${moment(since)} and ${moment(until)}.`;
  }
}

const rows = (found, none) => (found.length ? found : [element("li", { className: "over" }, none)]);

function condition(one) {
  const span = one.is_over ? `${moment(one.started_at)} to ${moment(one.ended_at)}` : `since ${moment(one.started_at)}`;
  return element("li", { className: one.is_over ? "over" : "" },
    element("strong", {}, WORDS[one.condition] ?? one.condition), ` ${span}. ${one.detail}`);
}

/** Alerts of health have no picture: there was none. */
function alert(one) {
  const link = one.kind === "incident"
    ? element("a", { href: evidenceUrl(one.alert_id, "snapshot"), target: "_blank", rel: "noopener" }, "Snapshot") : null;
  return element("li", { className: one.state === "open" ? "" : "over" },
    element("strong", {}, one.label), ` ${moment(one.started_at)}, ${one.state}. `, link);
}
