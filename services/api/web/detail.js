// One analysis: player, score curve, alerts and moments with screenshots that seek the player.

import { evidenceUrl, frameUrl, get, mediaUrl } from "./api.js";
import { Curve, lines } from "./curve.js";
import { ago, clock, element, size } from "./text.js";

const MOMENTS = 8;
const APART_S = 5;
const SETTLING_MS = 120_000;

const STATES = {
  submitted: "waiting", decoding: "reading", scoring: "scoring", done: "done", failed: "failed",
};
export const stateWord = (state) => STATES[state] ?? state;

/** The highest-scored clips: peaks of the curve, none within a few seconds of a higher one. */
export function moments(clips, most = MOMENTS, apart = APART_S) {
  const score = (index) => clips[index]?.calibrated ?? -1;
  const peaks = clips.filter((clip, index) =>
    score(index) >= score(index - 1) && score(index) >= score(index + 1));
  const chosen = [];
  for (const clip of peaks.sort((one, other) => other.calibrated - one.calibrated)) {
    if (chosen.length === most) break;
    if (chosen.every((other) => Math.abs(other.start_s - clip.start_s) >= apart)) chosen.push(clip);
  }
  return chosen.sort((one, other) => one.start_s - other.start_s);
}

/** Whether any head counts the clip, by its own mark. */
export function isHigh(clip, heads, mark) {
  const reaches = (score, high) => high !== null && score >= high;
  if (!clip.heads) return reaches(clip.calibrated, mark);
  const marks = new Map(heads.map((head) => [head.rule, head.high_mark]));
  return clip.heads.some((said) => reaches(said.calibrated, marks.get(said.rule) ?? null));
}

export class Detail {
  constructor(place, video) {
    this.id = video.video_id;
    this.seen = "";
    this.shown = {};
    this.player = element("video", { controls: true, preload: "metadata", playsInline: true });
    this.canvas = element("canvas", { tabIndex: 0, className: "curve", title: "Click to seek" });
    this.title = element("h1");
    this.facts = element("p", { className: "facts" });
    this.fault = element("p", { className: "fault", hidden: true });
    this.stage = element("div", { className: "stage" }, this.player);
    this.legend = element("p", { className: "legend" });
    this.graph = element("div", { className: "panel graph" }, element("h2", {}, "Score over time"), this.canvas, this.legend);
    this.alerts = element("div", { className: "alerts" });
    this.moments = element("div", { className: "moments" });
    this.strip = element("div", { hidden: true }, element("h2", {}, "Highest-scored moments"), this.moments);
    place.replaceChildren(this.title, this.facts, this.fault, this.stage, this.graph, this.alerts, this.strip);
    this.curve = new Curve(this.canvas, (seconds) => this.seek(seconds));
    this.player.addEventListener("timeupdate", () => this.curve.playhead(this.player.currentTime));
    this.player.addEventListener("seeking", () => this.curve.playhead(this.player.currentTime));
    this.player.addEventListener("error", () => { this.broken = true; });
  }

  seek(seconds) {
    this.curve.playhead(seconds);
    if (this.player.readyState) this.player.currentTime = seconds;
    else this.player.addEventListener("loadedmetadata", () => { this.player.currentTime = seconds; }, { once: true });
  }

  close() {
    this.player.pause();
    this.player.removeAttribute("src");
    this.player.load();
    this.curve.close();
  }

  /** Show the latest news of the video; scores are fetched only when there are new ones. */
  async update(video) {
    this.#head(video);
    this.#play(video);
    const seen = [video.state, video.clips_scored, video.alert_count].join();
    if (seen === this.seen && !this.#evidenceIsDue(video)) return;
    this.seen = seen;
    const timeline = await this.#timeline();
    this.graph.hidden = !timeline.clips.length;
    this.curve.show(timeline, video.duration_s);
    this.#legend(timeline);
    if (video.state !== "submitted") await this.#alerts(timeline.alerts, video);
    this.#moments(timeline);
  }

  /** Evidence and deliveries follow the scores by some seconds. */
  #evidenceIsDue(video) {
    const since = video.finished_at ? Date.now() - new Date(video.finished_at) : Infinity;
    return this.untold && since < SETTLING_MS;
  }

  async #timeline() {
    let page = await get(`videos/${this.id}/timeline`);
    const clips = page.clips;
    while (page.next_after !== null) {
      page = await get(`videos/${this.id}/timeline?after=${page.next_after}`);
      clips.push(...page.clips);
    }
    return { ...page, clips };
  }

  #legend(timeline) {
    this.legend.hidden = !timeline.heads.length;
    this.legend.replaceChildren(...lines(timeline).map(({ label, color, mark }) => {
      const key = element("i");
      key.style.setProperty("background", `var(--${color})`);
      return element("span", {}, key, mark === null ? label : `${label} (high mark ${mark.toFixed(2)})`);
    }));
  }

  #head(video) {
    const facts = [
      stateWord(video.state) + (["decoding", "scoring"].includes(video.state) ? ` ${Math.round(video.progress * 100)} %` : ""),
      video.duration_s ? clock(video.duration_s) : null,
      video.width ? `${video.width}×${video.height}` : null,
      video.codec,
      size(video.size_bytes),
      ago(video.submitted_at),
    ];
    this.title.textContent = video.filename || video.video_id;
    this.facts.textContent = facts.filter(Boolean).join("  ·  ");
    this.fault.hidden = video.state !== "failed";
    this.fault.textContent = video.error ?? "";
    this.stage.hidden = video.state === "failed" && !video.clips_scored;
  }

  /** The original is tried first; if the browser cannot play it, the copy once there is one. */
  #play(video) {
    if (this.shown.source === undefined || (this.broken && this.shown.source !== video.playable)) {
      this.shown.source = video.playable;
      this.broken = false;
      this.player.src = mediaUrl(this.id);
    }
  }

  async #alerts(alerts, video) {
    if (!alerts.length) {
      const calm = video.state === "done" ? "No alert: nothing stayed above the high mark." : "";
      this.alerts.replaceChildren(...(calm ? [element("p", { className: "calm" }, calm)] : []));
      return;
    }
    const told = await Promise.all(alerts.map((alert) => get(`alerts/${alert.alert_id}`)));
    this.untold = told.some((alert) => !alert.evidence_url || !alert.deliveries.length);
    this.alerts.replaceChildren(
      element("h2", {}, alerts.length === 1 ? "1 alert" : `${alerts.length} alerts`),
      ...told.map((alert) => this.#alert(alert)),
    );
  }

  #alert(alert) {
    const last = alert.deliveries.at(-1);
    return element("article", { className: "panel alert" },
      this.#shot(alert.peak_s, alert.peak_score, `${clock(alert.peak_s, true)}`),
      element("div", {},
        element("h3", {}, `${alert.label}`),
        element("p", {}, `${clock(alert.start_s, true)} to ${clock(alert.end_s, true)}, highest score ${alert.peak_score.toFixed(2)}`),
        element("p", { className: "dim" }, last ? `${last.channel} to ${last.target}: ${last.outcome}` : "no message sent"),
        element("p", { className: "links" },
          alert.evidence_url ? element("a", { href: evidenceUrl(alert.alert_id, "evidence"), target: "_blank", rel: "noopener" }, "Evidence") : null,
          alert.snapshot_url ? element("a", { href: evidenceUrl(alert.alert_id, "snapshot"), target: "_blank", rel: "noopener" }, "Snapshot") : null)));
  }

  #moments({ clips, heads, high_mark: mark }) {
    const found = moments(clips);
    const key = found.map((clip) => clip.index).join();
    this.strip.hidden = !found.length;
    if (key === this.shown.moments) return;
    this.shown.moments = key;
    this.moments.replaceChildren(...found.map((clip) => {
      const middle = (clip.start_s + clip.end_s) / 2;
      return this.#shot(middle, clip.calibrated, clock(middle, true), isHigh(clip, heads, mark));
    }));
  }

  #shot(seconds, score, words, high = true) {
    const picture = element("img", { src: frameUrl(this.id, seconds), alt: `Picture at ${words}`, loading: "lazy", decoding: "async" });
    picture.addEventListener("error", () => picture.classList.add("missing"));
    const bar = element("i");
    bar.style.setProperty("width", `${Math.round(score * 100)}%`);
    return element("button", {
      className: high ? "shot high" : "shot",
      title: `Seek to ${words}`,
      onclick: () => this.seek(seconds),
    }, picture, element("span", {}, words, element("b", {}, score.toFixed(2))), bar);
  }
}
