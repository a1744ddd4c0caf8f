// Files on their way to the API. They go on while one looks at other pages; after a break, and after
// a reload once the same file is chosen again, they go on where they were.

import { useSyncExternalStore } from "react";
import { isProblem } from "@/api/client";
import { refresh } from "@/api/queries";
import { begin, giveUp, reached, send } from "./tus";

export type UploadState = "waiting" | "sending" | "offline" | "paused" | "failed";

export type Upload = {
  key: string;
  file: File;
  storeId: string | null;
  sent: number;
  state: UploadState;
  /** The API's sentence, where it refused. */
  fault: unknown;
};

const AT_ONCE = 2;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 15_000;
const KEPT = "nightclerk.upload.";

let items: Upload[] = [];
const watchers = new Set<() => void>();
const stops = new Map<string, AbortController>();

export function useUploads(): Upload[] {
  return useSyncExternalStore(watch, () => items);
}

export function add(files: Iterable<File>, storeId: string | null): void {
  const fresh = [...files]
    .map((file) => ({ key: keyOf(file), file, storeId }))
    .filter(({ key }) => !items.some((item) => item.key === key && item.state !== "failed"));
  const keys = new Set(fresh.map(({ key }) => key));
  const begun: Upload[] = fresh.map((item) => ({
    ...item,
    sent: 0,
    state: "waiting",
    fault: null,
  }));
  put([...items.filter((item) => !keys.has(item.key)), ...begun]);
  next();
}

export function pause(key: string): void {
  stops.get(key)?.abort();
  change(key, { state: "paused" });
  next();
}

export function resume(key: string): void {
  change(key, { state: "waiting", fault: null });
  next();
}

/** Out of the list; what the API has of it goes as well. */
export async function cancel(key: string): Promise<void> {
  stops.get(key)?.abort();
  put(items.filter((item) => item.key !== key));
  const url = localStorage.getItem(KEPT + key);
  localStorage.removeItem(KEPT + key);
  next();
  if (url) await giveUp(url);
}

function next(): void {
  const busy = items.filter(({ state }) => state === "sending" || state === "offline").length;
  const waiting = items.filter(({ state }) => state === "waiting");
  for (const item of waiting.slice(0, Math.max(0, AT_ONCE - busy))) void carry(item);
}

/** From where it got to its end. */
async function carry({ key, file, storeId }: Upload): Promise<void> {
  const stop = new AbortController();
  stops.set(key, stop);
  change(key, { state: "sending" });
  try {
    await sendAll(key, file, storeId, stop.signal);
    put(items.filter((item) => item.key !== key));
    localStorage.removeItem(KEPT + key);
    await refresh("/api/v1/videos");
  } catch (error) {
    if (!stop.signal.aborted) change(key, { state: "failed", fault: error });
    if (isProblem(error, 404, 413, 415)) localStorage.removeItem(KEPT + key);
  } finally {
    if (stops.get(key) === stop) stops.delete(key);
    next();
  }
}

async function sendAll(
  key: string,
  file: File,
  storeId: string | null,
  signal: AbortSignal,
): Promise<void> {
  const url = localStorage.getItem(KEPT + key);
  let begun = url
    ? { url, offset: (await patiently(key, signal, () => reached(url))) ?? -1 }
    : null;
  if (!begun || begun.offset < 0) {
    const fresh = await patiently(key, signal, () => begin(file, storeId));
    localStorage.setItem(KEPT + key, fresh);
    begun = { url: fresh, offset: 0 };
  }
  let { offset } = begun;
  const at = begun.url;
  // An upload that lies there whole, but was not heard to, is finished by an empty chunk.
  do {
    const from = offset;
    offset = await patiently(key, signal, async (isAgain) => {
      const known = isAgain ? await reached(at) : from;
      if (known === null) return file.size;
      const tell = (sent: number) => change(key, { sent, state: "sending" });
      return send(file, { url: at, offset: known }, tell, signal);
    });
    change(key, { sent: offset });
  } while (offset < file.size);
}

/** Tries again while the network is away or the API asks to wait. Raises what else goes wrong. */
async function patiently<T>(
  key: string,
  signal: AbortSignal,
  act: (isAgain: boolean) => Promise<T>,
): Promise<T> {
  for (let wait = FIRST_WAIT_MS, isAgain = false; ; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
    try {
      return await act(isAgain);
    } catch (error) {
      const passes =
        error instanceof TypeError || isProblem(error, 0, 400, 408, 409, 429, 502, 503);
      if (signal.aborted || !passes) throw error;
      isAgain = true;
      change(key, { state: "offline" });
      await rest(wait, signal);
      change(key, { state: "sending" });
    }
  }
}

/** Until the time is over, or the network is back. Raises AbortError. */
function rest(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (act: () => void) => {
      clearTimeout(timer);
      window.removeEventListener("online", wake);
      signal.removeEventListener("abort", stop);
      act();
    };
    const wake = () => end(resolve);
    const stop = () => end(() => reject(new DOMException("stopped", "AbortError")));
    const timer = setTimeout(wake, ms);
    window.addEventListener("online", wake);
    signal.addEventListener("abort", stop);
  });
}

function change(key: string, fields: Partial<Upload>): void {
  put(items.map((item) => (item.key === key ? { ...item, ...fields } : item)));
}

function put(wanted: Upload[]): void {
  items = wanted;
  for (const watcher of watchers) watcher();
}

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => {
    watchers.delete(watcher);
  };
}

function keyOf({ name, size, lastModified }: File): string {
  return `${name}/${size}/${lastModified}`;
}
