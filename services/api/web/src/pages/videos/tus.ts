// The tus protocol 1.0 as our API has it: bytes of a file, from where it got to. An upload that is
// whole is a video of the same id.

import { IN_ENGLISH, problemOf } from "@/api/client";

const UPLOADS = "/api/v1/uploads";
const CHUNK_BYTES = 16 * 1024 * 1024;
const VERSION = { ...IN_ENGLISH, "Tus-Resumable": "1.0.0" };

export type Begun = { url: string; offset: number };

/** Raises Problem. */
export async function begin(file: File, storeId: string | null): Promise<string> {
  const metadata = [`filename ${base64(file.name)}`];
  if (storeId) metadata.push(`store_id ${base64(storeId)}`);
  const headers = {
    ...VERSION,
    "Upload-Length": String(file.size),
    "Upload-Metadata": metadata.join(","),
  };
  const response = await fetch(UPLOADS, { method: "POST", headers });
  if (!response.ok) throw await problemOf(response);
  return new URL(response.headers.get("Location") ?? "", window.location.href).pathname;
}

/** How far it got; null: the API does not know of it (any more). Raises TypeError offline. */
export async function reached(url: string): Promise<number | null> {
  const response = await fetch(url, { method: "HEAD", headers: VERSION });
  if (response.status === 404) return null;
  if (!response.ok) throw await problemOf(response);
  return Number(response.headers.get("Upload-Offset"));
}

/** One chunk from `offset` on; where it got. `tell` hears while bytes go. Raises Problem,
 * TypeError where the connection broke, AbortError. */
export function send(
  file: File,
  { url, offset }: Begun,
  tell: (sent: number) => void,
  signal: AbortSignal,
): Promise<number> {
  const chunk = file.slice(offset, offset + CHUNK_BYTES);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    request.open("PATCH", url);
    request.setRequestHeader("Tus-Resumable", VERSION["Tus-Resumable"]);
    request.setRequestHeader("Upload-Offset", String(offset));
    request.setRequestHeader("Content-Type", "application/offset+octet-stream");
    request.upload.onprogress = (event) => tell(offset + event.loaded);
    request.onerror = () => reject(new TypeError("the connection broke"));
    request.onabort = () => reject(new DOMException("stopped", "AbortError"));
    request.onload = () => {
      if (request.status === 204) return resolve(offset + chunk.size);
      const { status, statusText, responseText } = request;
      void problemOf(new Response(responseText, { status, statusText })).then(reject);
    };
    request.onloadend = () => signal.removeEventListener("abort", abort);
    signal.addEventListener("abort", abort);
    request.send(chunk);
  });
}

export async function giveUp(url: string): Promise<void> {
  await fetch(url, { method: "DELETE", headers: VERSION });
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
