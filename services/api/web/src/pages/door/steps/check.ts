// The self-check: pure. A camera that is simulated shows a fight; it has to be scored, raise an
// alert and leave evidence, and goes away again.

export const PROOFS = ["added", "scored", "alerted", "stored", "removed"] as const;
export type Proof = (typeof PROOFS)[number];
export type Standing = "waiting" | "running" | "passed" | "failed";

/** Two people fight from the tenth second on, in each round of forty; the demo shows the same. */
export const SCENE = "sim://store?seed=3&seconds=40&incident=10-20";
/** A round, and what a machine without a GPU needs that has just been started. */
export const PATIENCE_MS = 240_000;

export type Check = {
  isRunning: boolean;
  sourceId: string | null;
  alertId: string | null;
  passed: readonly Proof[];
  /** One sentence; empty while nothing went wrong. */
  fault: string;
  /** Where it went wrong. */
  failed: Proof | null;
};

export type Happening =
  | { what: "begun" }
  | { what: "added"; sourceId: string }
  | { what: "scored" }
  | { what: "alerted"; alertId: string }
  | { what: "stored" }
  | { what: "removed" }
  | { what: "failed"; fault: string };

export const IDLE: Check = {
  isRunning: false,
  sourceId: null,
  alertId: null,
  passed: [],
  fault: "",
  failed: null,
};

export function step(check: Check, happening: Happening): Check {
  if (happening.what === "begun") return { ...IDLE, isRunning: true };
  if (!check.isRunning) return check;
  switch (happening.what) {
    case "failed":
      return { ...check, isRunning: false, fault: happening.fault, failed: due(check) };
    case "added":
      return { ...pass(check, "added"), sourceId: happening.sourceId };
    case "alerted":
      // What raised an alert was scored, whether or not that was heard.
      return { ...pass(check, "scored", "alerted"), alertId: happening.alertId };
    case "removed":
      return { ...pass(check, "removed"), isRunning: false };
    default:
      return pass(check, happening.what);
  }
}

/** What is to happen next; null when all has. */
export function due({ passed }: Check): Proof | null {
  return PROOFS.find((proof) => !passed.includes(proof)) ?? null;
}

export function standing(check: Check, proof: Proof): Standing {
  if (check.passed.includes(proof)) return "passed";
  if (check.failed === proof) return "failed";
  return check.isRunning && due(check) === proof ? "running" : "waiting";
}

function pass(check: Check, ...proofs: Proof[]): Check {
  const fresh = proofs.filter((proof) => !check.passed.includes(proof));
  return { ...check, passed: [...check.passed, ...fresh] };
}
