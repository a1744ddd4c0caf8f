// What raised an alert.

import type { AlertView } from "./client";

export type Raiser = "model" | "presence" | "health";

export function raiserOf({ kind, model_id }: AlertView): Raiser {
  if (kind === "health") return "health";
  return model_id === "presence" ? "presence" : "model";
}
