// One stream of alerts, health, reviews and deliveries for the whole page. What it tells of is read
// anew; pages may listen too.

import { useEffect, useEffectEvent, useSyncExternalStore } from "react";
import { queries, refresh } from "@/api/queries";
import { type Connection, EventSocket, type LiveEvent, type Wanted } from "./socket";

type Listener = (event: LiveEvent) => void;

/** Which answers of the API an event makes old. */
const CONCERNS: [prefix: string, paths: string[]][] = [
  [
    "alert.",
    [
      "/api/v1/overview",
      "/api/v1/alerts",
      "/api/v1/review-queue",
      "/api/v1/videos",
      "/api/v1/sources/{source_id}/timeline",
    ],
  ],
  ["replay.", ["/api/v1/replays", "/api/v1/comparisons"]],
  ["models.", ["/api/v1/models", "/api/v1/deployments", "/api/v1/overview"]],
  ["video.", ["/api/v1/videos"]],
  ["health", ["/api/v1/overview", "/api/v1/cameras", "/api/v1/sources/{source_id}/conditions"]],
  ["delivery", ["/api/v1/alerts/{alert_id}", "/api/v1/targets/{target_id}/deliveries"]],
];
/** Fifty alerts a minute ask for lists once in a while, not fifty times. And once more later: the
 * API's tables may come after its events. */
const ROUNDS_MS = [800, 6_000];

const listeners = new Set<Listener>();
const watchers = new Set<() => void>();
const rounds = ROUNDS_MS.map((after) => ({ after, due: new Set<string>() }));
let connection: Connection = "connecting";
let stream: EventSocket | undefined;

/** From the moment on that somebody is signed in. */
export function begin(): void {
  stream ??= new EventSocket({}, hear, tell);
}

export function end(): void {
  stream?.close();
  stream = undefined;
}

/** Hear of everything while a component is shown. */
export function useLive(listener: Listener): void {
  const heard = useEffectEvent(listener);
  useEffect(() => {
    const hear: Listener = (event) => heard(event);
    listeners.add(hear);
    return () => {
      listeners.delete(hear);
    };
  }, []);
}

/** A stream of its own for what the shared one does not carry, such as the scores of a camera. */
export function useStream(wanted: Wanted, listener: Listener): void {
  const heard = useEffectEvent(listener);
  const key = JSON.stringify(wanted);
  useEffect(() => {
    const socket = new EventSocket(JSON.parse(key), (event) => heard(event));
    return () => socket.close();
  }, [key]);
}

export function useConnection(): Connection {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => connection,
  );
}

function hear(event: LiveEvent): void {
  if (event.name === "gap") void queries.invalidateQueries();
  // What was read before it listened may lack what came in between.
  const isFirst = event.name === "ready";
  for (const [prefix, paths] of CONCERNS)
    if (isFirst || event.name.startsWith(prefix)) makeOld(paths);
  for (const listener of listeners) listener(event);
}

/** What was read from these paths is asked for again soon, together with what else is due. */
export function makeOld(paths: string[]): void {
  for (const { after, due } of rounds) {
    if (due.size === 0) setTimeout(() => askAgain(due), after);
    for (const path of paths) due.add(path);
  }
}

function askAgain(due: Set<string>): void {
  void refresh(...due);
  due.clear();
}

function tell(state: Connection): void {
  if (connection === state) return;
  connection = state;
  // The API closes the line of whoever is signed out elsewhere: then this answers 401.
  if (state === "lost") void refresh("/api/v1/me");
  for (const watcher of watchers) watcher();
}
