// The wall: the newest picture of every camera, about one a second each.

import { get } from "./api.js";
import { Live, Screen } from "./live.js";
import { element } from "./text.js";

export class Wall {
  constructor(place, notice) {
    this.tiles = new Map();
    this.list = element("ul", { className: "wall" });
    this.place = place;
    this.notice = notice;
  }

  async start() {
    const { items } = await get("cameras?limit=100");
    const shown = items.filter((camera) => !camera.is_paused);
    this.place.replaceChildren(element("h1", {}, "Wall"), this.list);
    if (!shown.length) return this.place.append(element("p", { className: "dim" }, "No camera is being watched."));
    for (const camera of shown) this.#tile(camera);
    this.live = new Live("live", (header, jpeg) => this.#heard(header, jpeg), this.notice);
    this.timer = setInterval(() => this.tiles.forEach(({ screen }) => screen.write()), 1000);
    return undefined;
  }

  close() {
    this.live?.close();
    clearInterval(this.timer);
  }

  #tile(camera) {
    const canvas = element("canvas", { role: "img", ariaLabel: `Live picture of ${camera.name}`, width: 320, height: 180 });
    const age = element("span", { className: "age" }, "no picture yet");
    const score = element("b", { title: "Latest score" }, "–");
    const wrong = element("small");
    this.list.append(element("li", {},
      element("a", { href: `#${camera.source_id}` }, element("div", { className: "screen" }, canvas, age),
        element("div", { className: "line" }, element("span", {}, camera.name), score), wrong)));
    this.tiles.set(camera.source_id, { screen: new Screen(canvas, age), score, wrong });
  }

  #heard(header, jpeg) {
    const tile = this.tiles.get(header.source_id);
    if (!tile) return;
    this.notice("");
    tile.screen.show(header, jpeg);
    if (header.score) {
      tile.score.textContent = header.score.calibrated.toFixed(2);
      const high = header.score.heads.some((head) => head.high_mark !== null && head.calibrated >= head.high_mark);
      tile.score.classList.toggle("high", high);
    }
    tile.wrong.textContent = header.conditions.map((one) => one.detail || one.condition.replace("_", " ")).join(" ");
  }
}
