// One analysis: player, score curve, alerts and moments with screenshots that seek the player.

import { evidenceUrl, frameUrl, get, mediaUrl, timeline } from "./api.js";
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

/** The minutes or hours of a long timeline, in the shape of clips. */
export function steps({ maxima, origin_at: origin }) {
  const first = (new Date(maxima.at) - new Date(origin)) / 1000;
  const count = Math.max(0, ...maxima.heads.map((head) => head.calibrated.length));
  const found = [];
  for (let index = 0; index < count; index += 1) {
    const heads = maxima.heads
      .map(({ rule, calibrated }) => ({ rule, calibrated: calibrated[index] }))
      .filter((head) => head.calibrated !== null);
    if (!heads.length) continue;
    const start = first + index * maxima.step_s;
    found.push({ index, start_s: Math.max(0, start), end_s: start + maxima.step_s, heads,
      calibrated: Math.max(...heads.map((head) => head.calibrated)) });
  }
  return found;
}

/** Whether any head counts the clip, by its own mark. */
export function isHigh(clip, heads) {
  const reaches = (score, high) => high !== null && score >= high;
  if (!clip.heads) return reaches(clip.calibrated, heads[0]?.high_mark ?? null);
  const marks = new Map(heads.map((head) => [head.rule, head.high_mark]));
  return clip.heads.some((said) => reaches(said.calibrated, marks.get(said.rule) ?? null));
}

export class Detail {
  /** `remove(video)` is called by the button of that name. */
  constructor(place, video, remove) {
    this.id = video.video_id;
    this.seen = "";
    this.shown = {};
    this.player = element("video", { controls: true, preload: "metadata", playsInline: true });
    this.canvas = element("canvas", { tabIndex: 0, className: "curve", title: "Click to seek" });
    this.title = element("h1");
    this.facts = element("p", { className: "facts" });
    this.note = element("p", { className: "dim", hidden: true });
    this.removal = element("button", { className: "quiet remove", onclick: () => remove(this.video) }, "Remove");
    this.fault = element("p", { className: "fault", hidden: true });
    this.stage = element("div", { className: "stage" }, this.player);
    this.legend = element("p", { className: "legend" });
    this.graph = element("div", { className: "panel graph" }, element("h2", {}, "Score over time"), this.canvas, this.legend);
    this.alerts = element("div", { className: "alerts" });
    this.moments = element("div", { className: "moments" });
    this.strip = element("div", { hidden: true }, element("h2", {}, "Highest-scored moments"), this.moments);
    place.replaceChildren(this.title, this.facts, this.removal, this.note, this.fault, this.stage, this.graph, this.alerts, this.strip);
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
    const scores = await this.#timeline();
    this.graph.hidden = !scores.clips.length;
    this.curve.show(scores, video.duration_s);
    this.#legend(scores);
    if (video.state !== "submitted") await this.#alerts(scores.alerts, video);
    this.#moments(scores);
  }

  /** Evidence and deliveries follow the scores by some seconds. */
  #evidenceIsDue(video) {
    const since = video.finished_at ? Date.now() - new Date(video.finished_at) : Infinity;
    return this.untold && since < SETTLING_MS;
  }

  /** Only what is new: from the latest clip on, since its score is the first that may be there. */
  async #timeline() {
    const latest = this.known?.clips.at(-1);
    const fresh = await timeline(this.id, latest && this.known.resolution === "clip"
      ? { resolution: "clip", since: latest.at } : {});
    if (latest && this.known.resolution === "clip" && this.known.run === fresh.run) {
      const older = this.known.clips.filter((clip) => new Date(clip.at) < new Date(latest.at));
      const gone = new Set(fresh.alerts.map((alert) => alert.alert_id));
      const alerts = [...this.known.alerts.filter((alert) => !gone.has(alert.alert_id)), ...fresh.alerts];
      this.known = { ...fresh, clips: [...older, ...fresh.clips], alerts, heads: fresh.heads.length ? fresh.heads : this.known.heads };
    } else {
      this.known = { ...fresh, clips: fresh.maxima ? steps(fresh) : fresh.clips };
    }
    return this.known;
  }

  #legend(scores) {
    this.legend.hidden = scores.heads.length < 2;
    this.legend.replaceChildren(...lines(scores).map(({ label, color, mark }) => {
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
    this.video = video;
    const missing = video.clips_missing ? `${video.clips_missing} of ${video.clip_count} clips have no score.` : "";
    this.note.textContent = video.note ?? missing;
    this.note.hidden = !this.note.textContent;
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

  #moments({ clips, heads }) {
    const found = moments(clips);
    const key = found.map((clip) => clip.index).join();
    this.strip.hidden = !found.length;
    if (key === this.shown.moments) return;
    this.shown.moments = key;
    this.moments.replaceChildren(...found.map((clip) => {
      const middle = (clip.start_s + clip.end_s) / 2;
      return this.#shot(middle, clip.calibrated, clock(middle, true), isHigh(clip, heads));
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
