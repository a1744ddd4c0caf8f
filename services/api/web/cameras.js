// The cameras' page: the list with a form, one camera, the wall, this browser's webcam; by the hash.

import { addCamera, change, get, Refused, removeCamera } from "./api.js";
import { Camera, moment } from "./camera.js";
import { element } from "./text.js";
import { Wall } from "./wall.js";
import { Webcam } from "./webcam.js";

const REFRESH_MS = 4000;
const page = document.getElementById("page");
const bar = document.getElementById("notice");
let shown = null;

function notice(sentence) {
  bar.textContent = sentence;
  bar.hidden = !sentence;
}

async function guarded(work) {
  try {
    await work();
    return true;
  } catch (error) {
    if (error instanceof Refused && error.status === 401) location.assign("./");
    notice(error instanceof Refused ? error.message : "The server does not answer; try again.");
    return false;
  }
}

async function act(name, camera) {
  if (name === "remove" && !confirm(`Remove ${camera.name} with all scores, alerts and recordings?`)) return;
  await guarded(async () => {
    if (name === "remove") {
      await removeCamera(camera.source_id);
      location.hash = "";
    } else await change(camera.source_id, { is_paused: name === "pause" });
    await shown?.refresh?.();
  });
}

class List {
  constructor(place) {
    this.items = element("ul", { className: "cards", ariaLabel: "Cameras" });
    this.form = form(() => this.refresh());
    place.replaceChildren(element("h1", {}, "Cameras"), element("p"), this.items, this.form);
  }

  async start() {
    await this.refresh();
    this.timer = setInterval(() => guarded(() => this.refresh()), REFRESH_MS);
  }

  close() {
    clearInterval(this.timer);
  }

  async refresh() {
    const { items } = await get("cameras?limit=200");
    const key = JSON.stringify(items);
    if (key === this.key) return; // a button that has the focus stays
    this.key = key;
    const focus = document.activeElement?.dataset?.key;
    const rows = items.map(card);
    this.items.replaceChildren(...(rows.length ? rows : [element("li", { className: "dim" }, "No camera yet. Add one below.")]));
    if (focus) this.items.querySelector(`[data-key="${CSS.escape(focus)}"]`)?.focus();
  }
}

function card(camera) {
  const button = (name, word) => {
    const made = element("button", { className: "small", ariaLabel: `${word} ${camera.name}`, onclick: () => act(name, camera) }, word);
    made.dataset.key = `${name} ${camera.source_id}`;
    return made;
  };
  const facts = [camera.state + (camera.reason ? `: ${camera.reason}` : ""), `since ${moment(camera.since)}`,
    camera.last_score === null ? null : `score ${camera.last_score.toFixed(2)}`, camera.address];
  return element("li", { className: `card ${camera.state}` }, element("span", { className: "dot" }),
    element("a", { href: `#${camera.source_id}` }, camera.name),
    element("span", { className: "buttons" }, camera.is_paused ? button("resume", "Resume") : button("pause", "Pause"), button("remove", "Remove")),
    element("small", {}, facts.filter(Boolean).join("  ·  ")));
}

function form(added) {
  const field = (label, properties) => element("label", {}, label, element("input", properties));
  const fault = element("p", { className: "fault", role: "alert" });
  const made = element("form", { className: "panel", autocomplete: "off" },
    element("h2", {}, "Add a camera"),
    field("Name", { name: "name", required: true, maxLength: 255 }),
    field("Address", { name: "address", required: true, placeholder: "rtsp://192.168.1.20/stream2", spellcheck: false }),
    element("details", {}, element("summary", {}, "User name, recording, motion"),
      field("User name", { name: "username", autocomplete: "off" }),
      field("Password", { name: "password", type: "password", autocomplete: "new-password" }),
      field("Address of the stream to record, if another", { name: "record_address", spellcheck: false }),
      element("label", {}, "Recording", element("select", { name: "recording" },
        element("option", { value: "ring" }, "The latest hours, on disk"), element("option", { value: "full" }, "All, to the store"), element("option", { value: "off" }, "None"))),
      element("label", { className: "check" }, element("input", { type: "checkbox", name: "motion_gate" }), "Send nothing while nothing moves")),
    fault,
    element("p", { className: "buttons" }, element("button", { className: "button primary" }, "Add"),
      element("button", { type: "button", className: "small", onclick: () => addWebcam(fault) }, "Use this browser's webcam")));
  made.addEventListener("submit", async (event) => {
    event.preventDefault();
    const typed = Object.fromEntries([...new FormData(made)].filter(([, value]) => value));
    try {
      const camera = await addCamera({ ...typed, motion_gate: Boolean(typed.motion_gate) });
      fault.textContent = camera.is_announced ? "" : camera.reason;
      made.reset();
      await added();
    } catch (error) {
      fault.textContent = error.message;
    }
  });
  return made;
}

async function addWebcam(fault) {
  try {
    const camera = await addCamera({ name: "Webcam", address: "push://", recording: "off" });
    location.hash = `webcam/${camera.source_id}`;
  } catch (error) {
    fault.textContent = error.message;
  }
}

async function route() {
  shown?.close?.();
  notice("");
  const place = location.hash.slice(1);
  if (place === "wall") shown = new Wall(page, notice);
  else if (place.startsWith("webcam/")) shown = new Webcam(page, place.slice(7));
  else if (place) shown = new Camera(page, place, act, notice);
  else shown = new List(page);
  const tab = place === "wall" ? "wall" : "list";
  for (const link of document.querySelectorAll("[data-tab]")) {
    if (link.dataset.tab === tab) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  await guarded(() => shown.start());
}

addEventListener("hashchange", route);
route();
