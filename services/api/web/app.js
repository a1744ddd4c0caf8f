// The page: a list of analyses that stays fresh, the chosen one beside it, uploads from anywhere.

import { get, logOut, Refused, remove, upload } from "./api.js";
import { Detail, stateWord } from "./detail.js";
import { openLogin } from "./login.js";
import { ago, clock, element } from "./text.js";

const BUSY_MS = 1500;
const CALM_MS = 8000;
const AT_ONCE = 2;

const find = (id) => document.getElementById(id);
const place = { list: find("list"), detail: find("detail"), notice: find("notice") };
const state = { videos: [], older: [], next: null, uploads: [], chosen: null, detail: null, timer: 0, moment: 0 };

const isBusy = (video) => !["done", "failed"].includes(video.state);

function notice(sentence) {
  place.notice.textContent = sentence;
  place.notice.hidden = !sentence;
}

// The list

function row(video) {
  const facts = video.state === "failed" ? video.error
    : isBusy(video) ? `${stateWord(video.state)} ${Math.round(video.progress * 100)} %`
    : [video.duration_s && clock(video.duration_s), ago(video.submitted_at)].filter(Boolean).join(" · ");
  const badge = video.alert_count ? element("span", { className: "badge" }, `${video.alert_count}`) : null;
  const link = element("a", { href: `#${video.video_id}`, className: `row ${video.state}` },
    element("span", { className: "dot" }), element("strong", {}, video.filename || video.video_id), badge,
    element("small", {}, facts));
  if (video.video_id === state.chosen) link.setAttribute("aria-current", "true");
  if (isBusy(video)) link.append(bar(video.progress));
  return link;
}

function bar(share) {
  const made = element("progress", { max: 1 });
  if (share > 0) made.value = share;
  return made;
}

function uploadRow(item) {
  const made = element("div", { className: item.fault ? "row failed" : "row submitted" },
    element("span", { className: "dot" }), element("strong", {}, item.file.name),
    element("small", {}, item.fault || `uploading ${Math.round(item.share * 100)} %`));
  if (!item.fault) made.append(bar(item.share));
  else made.append(element("button", { className: "quiet close", title: "Dismiss", onclick: () => dismiss(item) }, "×"));
  return made;
}

async function showOlder() {
  const page = await get(`videos?limit=100&cursor=${encodeURIComponent(state.next)}`);
  state.older.push(...page.items);
  state.next = page.next;
  drawList();
}

function drawList() {
  const rows = [...state.uploads.map(uploadRow), ...state.videos.map(row)];
  rows.push(...state.older.map(row));
  if (state.next) rows.push(element("button", { className: "quiet", onclick: showOlder }, "Show older ones"));
  place.list.replaceChildren(...rows);
}

// The chosen analysis

function empty() {
  const words = state.videos.length ? "Choose an analysis." : "Nothing analysed yet. Drop a video anywhere on this page.";
  place.detail.replaceChildren(element("div", { className: "empty" },
    element("img", { src: "icon.svg", alt: "", width: 72, height: 72 }), element("p", {}, words)));
}

function choose(id) {
  state.detail?.close();
  state.detail = null;
  state.chosen = id;
  document.body.classList.toggle("chosen", Boolean(id));
  if (id) place.detail.scrollTop = 0;
}

async function forget(video) {
  if (!confirm(`Remove ${video.filename} with all scores, alerts and evidence?`)) return;
  try {
    await remove(video.video_id);
    state.older = state.older.filter((one) => one.video_id !== video.video_id);
    location.hash = "";
  } catch (error) {
    notice(error.message);
  }
}

async function drawDetail() {
  if (!state.chosen) return empty();
  const video = state.videos.find((one) => one.video_id === state.chosen) ?? await get(`videos/${state.chosen}`);
  if (state.detail?.id !== state.chosen) state.detail = new Detail(place.detail, video, forget);
  if (state.moment) state.detail.seek(state.moment);
  state.moment = 0;
  return state.detail.update(video);
}

// Keeping fresh

async function refresh() {
  clearTimeout(state.timer);
  try {
    const page = await get("videos?limit=100");
    state.videos = page.items;
    if (!state.older.length) state.next = page.next;
    notice("");
    drawList();
    await drawDetail();
  } catch (error) {
    if (error instanceof Refused && error.status === 401) return ask();
    if (error instanceof Refused && error.status === 404) location.hash = "";
    notice(error instanceof Refused ? error.message : "The server does not answer; trying again.");
  }
  const wait = document.hidden ? CALM_MS : state.videos.some(isBusy) || !place.notice.hidden ? BUSY_MS : CALM_MS;
  state.timer = setTimeout(refresh, wait);
  return undefined;
}

// Uploads

function add(files) {
  for (const file of files) state.uploads.push({ file, share: 0, fault: "", begun: false });
  pump();
}

function dismiss(item) {
  state.uploads = state.uploads.filter((one) => one !== item);
  drawList();
}

function pump() {
  drawList();
  const running = state.uploads.filter((item) => item.begun && !item.fault).length;
  for (const item of state.uploads.filter((one) => !one.begun).slice(0, AT_ONCE - running)) send(item);
}

async function send(item) {
  item.begun = true;
  try {
    const video = await upload(item.file, (share) => { item.share = share; drawList(); });
    state.uploads = state.uploads.filter((one) => one !== item);
    location.hash = video.video_id;
    refresh();
  } catch (error) {
    item.fault = error.message;
  }
  pump();
}

// The login: it is there for whoever has none yet, and lets go once it opened

function ask() {
  openLogin(() => {
    find("log-out").hidden = false;
    refresh();
  });
}

find("log-out").addEventListener("click", async () => {
  await logOut();
  location.reload();
});

// Wiring

find("upload").addEventListener("change", (event) => {
  add(event.target.files);
  event.target.value = "";
});
find("upload-button").addEventListener("keydown", (event) => {
  if (["Enter", " "].includes(event.key)) find("upload").click();
});
let depth = 0;
const dragging = (change) => {
  depth = Math.max(0, depth + change);
  document.body.classList.toggle("dragging", depth > 0);
};
addEventListener("dragenter", (event) => { if (event.dataTransfer?.types.includes("Files")) dragging(1); });
addEventListener("dragleave", () => dragging(-1));
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  event.preventDefault();
  depth = 0;
  dragging(0);
  add(event.dataTransfer.files);
});
addEventListener("hashchange", () => {
  choose(location.hash.slice(1) || null);
  refresh();
});
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });

// Mails link to a moment: ?video=…&t=…
const asked = new URLSearchParams(location.search);
if (asked.has("video")) {
  state.moment = Number(asked.get("t")) || 0;
  history.replaceState(null, "", `./#${asked.get("video")}`);
}
choose(location.hash.slice(1) || null);
const session = await get("session").catch(() => ({ required: false }));
find("log-out").hidden = !(session.required && session.open);
refresh();
