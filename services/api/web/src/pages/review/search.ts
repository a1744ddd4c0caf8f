// What of alerts and of the queue is shown, as it stands in the address.

const SEVERITIES = ["info", "warning", "critical"] as const;
const STATES = ["open", "closed"] as const;
const KINDS = ["incident", "health"] as const;
const VERDICTS = ["true", "false", "none"] as const;
const SEEN = ["yes", "no"] as const;
const DAY_MS = 86_400_000;

export type Severity = (typeof SEVERITIES)[number];
export type AlertSearch = {
  store_id?: string;
  source_id?: string;
  severity?: Severity;
  state?: (typeof STATES)[number];
  kind?: (typeof KINDS)[number];
  verdict?: (typeof VERDICTS)[number];
  seen?: (typeof SEEN)[number];
  label?: string;
  min_score?: number;
  /** The latest so many days; else `since` and `until`, which are moments. */
  days?: number;
  since?: string;
  until?: string;
};
export type QueueSearch = { store_id?: string; severity?: Severity; incident?: string };

/** Whatever an address says that is none of ours is passed over. */
export function alertSearch(given: Record<string, unknown>): AlertSearch {
  return present({
    store_id: id(given.store_id),
    source_id: id(given.source_id),
    severity: among(SEVERITIES, given.severity),
    state: among(STATES, given.state),
    kind: among(KINDS, given.kind),
    verdict: among(VERDICTS, String(given.verdict)),
    seen: among(SEEN, given.seen),
    label: words(given.label),
    min_score: between(given.min_score, 0.01, 1),
    days: between(given.days, 1, 366),
    since: moment(given.since),
    until: moment(given.until),
  });
}

export function queueSearch(given: Record<string, unknown>): QueueSearch {
  return present({
    store_id: id(given.store_id),
    severity: among(SEVERITIES, given.severity),
    incident: id(given.incident),
  });
}

/** As the API filters. `days` are counted back from a full minute, so that it stays the same query
 * for that long. */
export function alertQuery({ days, seen, ...search }: AlertSearch, now: number) {
  const since = days
    ? new Date(Math.floor(now / 60_000) * 60_000 - days * DAY_MS).toISOString()
    : search.since;
  return present({
    ...search,
    since,
    until: days ? undefined : search.until,
    acknowledged: seen && seen === "yes",
  });
}

export function isFiltered(search: AlertSearch): boolean {
  return Object.keys(search).length > 0;
}

function present<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}

function among<T extends string>(names: readonly T[], value: unknown): T | undefined {
  return names.find((name) => name === value);
}

function id(value: unknown): string | undefined {
  return typeof value === "string" && /^[0-9a-f-]{36}$/i.test(value) ? value : undefined;
}

function words(value: unknown): string | undefined {
  const text = typeof value === "string" ? value.trim().slice(0, 128) : "";
  return text || undefined;
}

function between(value: unknown, low: number, high: number): number | undefined {
  const number = Number(value);
  return value !== undefined && number >= low && number <= high ? number : undefined;
}

function moment(value: unknown): string | undefined {
  const when = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(when) ? undefined : new Date(when).toISOString();
}
