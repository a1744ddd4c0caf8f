// The form of a replay, and what it asks the API for.

import type { ReplayAsked, ReplayView } from "@/api/client";
import { localInput } from "@/ui/moments";

const DAY_MS = 86_400_000;

/** As the form's fields have it: moments in the browser's own time, "" for what is left open. */
export type Stretch = {
  detector: string;
  since: string;
  until: string;
  storeId: string;
  input: ReplayView["input"];
  rate: string;
};

/** The last whole day, of all stores. */
export function yesterday(now = new Date()): Stretch {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate());
  return {
    detector: "",
    since: localInput(new Date(midnight.getTime() - DAY_MS)),
    until: localInput(midnight),
    storeId: "",
    input: "log",
    rate: "",
  };
}

/** Null while it is no stretch of time. */
export function asked(stretch: Stretch): ReplayAsked | null {
  const since = new Date(stretch.since);
  const until = new Date(stretch.until);
  if (!(until > since)) return null;
  const rate = Number(stretch.rate);
  return {
    detector: stretch.detector || null,
    since: since.toISOString(),
    until: until.toISOString(),
    store_ids: stretch.storeId ? [stretch.storeId] : [],
    source_ids: [],
    input: stretch.input,
    windows_per_s: rate > 0 ? rate : null,
  };
}
