// The REST API as the page uses it. Every failure is an Error with one sentence to show.

const ROOT = new URL("api/v1", import.meta.url).href; // pages lie in several folders

export class Refused extends Error {
  constructor(status, sentence, type = "") {
    super(sentence);
    this.status = status;
    this.type = type;
  }
}

async function refusal(answer) {
  let problem = {};
  try {
    problem = await answer.json();
  } catch { /* not a problem document */ }
  return new Refused(answer.status, problem.detail ?? `The server answered ${answer.status}.`, problem.type);
}

export async function get(path) {
  const answer = await fetch(`${ROOT}/${path}`);
  if (!answer.ok) throw await refusal(answer);
  return answer.json();
}

/** All of a stretch of a source's timeline, page by page, as one. */
export async function timeline(id, query = {}) {
  const ask = (more) => get(`sources/${id}/timeline?${new URLSearchParams({ ...query, ...more })}`);
  const whole = await ask({});
  let page = whole;
  while (page.next) {
    page = await ask({ cursor: page.next });
    whole.clips.push(...page.clips);
    whole.alerts.push(...page.alerts.filter((one) => whole.alerts.every((other) => other.alert_id !== one.alert_id)));
  }
  return whole;
}

/** Remove a video everywhere; it is gone once this resolves. */
export async function remove(id) {
  const answer = await fetch(`${ROOT}/videos/${id}`, { method: "DELETE" });
  if (!answer.ok && answer.status !== 404) throw await refusal(answer);
}

/** Log in by `{ email, password, code }` or `{ token }`. */
export const logIn = (credentials) => send("POST", "session", credentials);

export const logOut = () => fetch(`${ROOT}/session`, { method: "DELETE" });

/** Send one file; `heard(share)` is called on the way. Resolves to the video. */
export function upload(file, heard) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch tells nothing of an upload's progress
    request.open("POST", `${ROOT}/videos?filename=${encodeURIComponent(file.name)}`);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = (event) => heard(event.loaded / Math.max(1, event.total));
    request.onerror = () => reject(new Refused(0, "The connection broke off."));
    request.onload = () => {
      let told = {};
      try {
        told = JSON.parse(request.responseText);
      } catch { /* the status says enough */ }
      if (request.status === 202) resolve(told);
      else reject(new Refused(request.status, told.detail ?? `The server answered ${request.status}.`));
    };
    request.send(file);
  });
}

export const mediaUrl = (id) => `${ROOT}/videos/${id}/media`;
export const frameUrl = (id, time, width = 320) =>
  `${ROOT}/videos/${id}/frame?t=${time.toFixed(2)}&width=${width}`;
export const evidenceUrl = (id, what) => `${ROOT}/alerts/${id}/${what}`;

async function send(method, path, content) {
  const answer = await fetch(`${ROOT}/${path}`, {
    method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(content),
  });
  if (!answer.ok) throw await refusal(answer);
  return [202, 204].includes(answer.status) ? null : answer.json();
}

export const post = (path, content) => send("POST", path, content);
export const addCamera = (camera) => send("POST", "cameras", camera);
export const change = (id, wanted) => send("PATCH", `cameras/${id}`, wanted);

/** Remove a camera everywhere; it is gone once this resolves. */
export async function removeCamera(id) {
  const answer = await fetch(`${ROOT}/cameras/${id}`, { method: "DELETE" });
  if (!answer.ok && answer.status !== 404) throw await refusal(answer);
}
