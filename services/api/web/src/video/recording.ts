// Stretches of a camera's recordings as files that play: which one a moment lies in, and when it is
// there.

import { IN_ENGLISH, type Problem, problemOf } from "@/api/client";

/** `startedAt` is the moment that the file shows at its zero; all are milliseconds since 1970. */
export type Stretch = { url: string; startedAt: number; endedAt: number };

export const STRETCH_MS = 5 * 60_000;
const AGAIN_S = 2;

/** From which moment to which a file is asked for, so that many moments share it. */
export function stretchOf(at: number, now: number): { from: number; to: number } {
  const from = Math.floor(at / STRETCH_MS) * STRETCH_MS;
  return { from, to: Math.max(Math.min(from + STRETCH_MS, now), from + 1000) };
}

/** Once it is there; `waiting` is called while it is being made. Raises Problem, AbortError. */
export async function fetchStretch(
  sourceId: string,
  at: number,
  signal: AbortSignal,
  waiting: () => void,
): Promise<Stretch> {
  const { from, to } = stretchOf(at, Date.now());
  const query = new URLSearchParams({
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
  });
  const url = `/api/v1/sources/${sourceId}/media?${query}`;
  for (;;) {
    const response = await fetch(url, { method: "HEAD", headers: IN_ENGLISH, signal });
    if (response.status === 202) {
      waiting();
      await pause(Number(response.headers.get("Retry-After")) || AGAIN_S, signal);
      continue;
    }
    if (!response.ok) throw await faultOf(url, signal);
    const moment = (name: string, other: number) =>
      Date.parse(response.headers.get(name) ?? "") || other;
    return { url, startedAt: moment("X-Started-At", from), endedAt: moment("X-Ended-At", to) };
  }
}

/** An answer to HEAD has no sentence: the same question as GET has. */
async function faultOf(url: string, signal: AbortSignal): Promise<Problem> {
  return problemOf(await fetch(url, { headers: IN_ENGLISH, signal }));
}

function pause(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        reject(signal.reason);
      },
      { once: true },
    );
  });
}
