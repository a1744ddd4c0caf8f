// What raised an alert, and how sure that was.

import type { AlertView } from "./client";

export type Raiser = "model" | "presence" | "health";

export function raiserOf({ kind, model_id }: AlertView): Raiser {
  if (kind === "health") return "health";
  return model_id === "presence" ? "presence" : "model";
}

/** Null where nothing was scored: people are there or are not, a camera is well or is not. */
export function scoreOf(alert: AlertView): number | null {
  return raiserOf(alert) === "model" ? alert.peak_score : null;
}
