import { describe, expect, it } from "vitest";
import { due, type Happening, IDLE, PROOFS, standing, step } from "./check";

const grown = (...happenings: Happening[]) => happenings.reduce(step, IDLE);
const BEGUN: Happening = { what: "begun" };
const ADDED: Happening = { what: "added", sourceId: "camera" };
const ALERTED: Happening = { what: "alerted", alertId: "alert" };

describe("a self-check", () => {
  it("passes when all has happened", () => {
    const check = grown(
      BEGUN,
      ADDED,
      { what: "scored" },
      ALERTED,
      { what: "stored" },
      { what: "removed" },
    );
    expect(check).toMatchObject({ isRunning: false, passed: PROOFS, failed: null });
    expect(due(check)).toBeNull();
  });

  it("takes an alert for proof of a score", () => {
    expect(grown(BEGUN, ADDED, ALERTED).passed).toEqual(["added", "scored", "alerted"]);
  });

  it("counts each proof once", () => {
    const scored: Happening = { what: "scored" };
    expect(grown(BEGUN, ADDED, scored, scored).passed).toEqual(["added", "scored"]);
  });

  it("says where it failed", () => {
    const check = grown(BEGUN, ADDED, { what: "failed", fault: "No score came." });
    expect(check).toMatchObject({ isRunning: false, failed: "scored", fault: "No score came." });
    expect(PROOFS.map((proof) => standing(check, proof))).toEqual([
      "passed",
      "failed",
      "waiting",
      "waiting",
      "waiting",
    ]);
  });

  it("heeds nothing that comes after its end", () => {
    const check = grown(BEGUN, { what: "failed", fault: "x" });
    expect(step(check, ADDED)).toBe(check);
  });

  it("begins anew", () => {
    expect(grown(BEGUN, ADDED, { what: "failed", fault: "x" }, BEGUN).passed).toEqual([]);
  });
});
