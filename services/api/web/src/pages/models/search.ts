// What of these pages stands in their addresses.

const LETTER_STATES = ["open", "replayed", "dropped"] as const;
export type LetterState = (typeof LETTER_STATES)[number];

/** Without `state` those that are open. `since` and `until` are days. */
export type LetterSearch = {
  topic?: string;
  reason?: string;
  state?: LetterState;
  since?: string;
  until?: string;
};

export function letterSearch(given: Record<string, unknown>): LetterSearch {
  return present({
    topic: text(given.topic),
    reason: text(given.reason),
    state: LETTER_STATES.find((name) => name === given.state),
    since: text(given.since),
    until: text(given.until),
  });
}

const CHANGE_KINDS = ["gained", "lost", "moved", "disagreements"] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** Without `against` it is what was live; without `since` and `until` the run's own stretch. */
export type ComparisonSearch = {
  run?: string;
  against?: string;
  since?: string;
  until?: string;
  store?: string;
  kind?: ChangeKind;
  item?: number;
};

export function comparisonSearch(given: Record<string, unknown>): ComparisonSearch {
  return present({
    run: text(given.run),
    against: text(given.against),
    since: text(given.since),
    until: text(given.until),
    store: text(given.store),
    kind: CHANGE_KINDS.find((name) => name === given.kind),
    item: typeof given.item === "number" && given.item > 0 ? given.item : undefined,
  });
}

/** `start`: the form is open, for a `detector` where one is named. */
export type ReplaysSearch = { start?: true; detector?: string };

export function replaysSearch(given: Record<string, unknown>): ReplaysSearch {
  return present({
    start: given.start === true ? (true as const) : undefined,
    detector: text(given.detector),
  });
}

/** `promote`: the form is open, with this run chosen; "" for whichever is first. */
export function detectorSearch(given: Record<string, unknown>): { promote?: string } {
  return present({ promote: typeof given.promote === "string" ? given.promote : undefined });
}

export type CalibrationSearch = { store?: string; drifting?: true };

export function calibrationSearch(given: Record<string, unknown>): CalibrationSearch {
  return present({
    store: text(given.store),
    drifting: given.drifting === true ? (true as const) : undefined,
  });
}

export function storeSearch(given: Record<string, unknown>): { store?: string } {
  return present({ store: text(given.store) });
}

function present<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value ? value : undefined;
}
