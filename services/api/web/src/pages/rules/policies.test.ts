import { describe, expect, it } from "vitest";
import type { PersistenceRule, Policy } from "@/api/client";
import { type InForce, listed, mute, unmute, without, withRule } from "./policies";

const EMPTY: Policy = { rules: [], presence: [], muted: [], unmuted: [] };

function rule(name: string, high = 0.6): PersistenceRule {
  const plain = {
    min_duration_s: 0,
    cooldown_s: 0,
    severity: "warning",
    during: "always",
  } as const;
  return { name, label: name, high, low: 0.4, k: 2, n: 3, m: 2, ...plain };
}

function effective(...rules: InForce["rules"]): InForce {
  return { rules, presence: [], zones: [] };
}

describe("the rules of a scope", () => {
  const view = effective(
    { rule: rule("fall"), origin: "default", muted_by: null },
    { rule: rule("fight"), origin: "tenant", muted_by: "tenant" },
    { rule: rule("theft"), origin: "source", muted_by: null },
  );

  it("are those inherited from farther away and its own, each once", () => {
    const rows = listed({ ...EMPTY, rules: [rule("fight", 0.9)] }, "store", view);
    expect(rows.map(({ rule, origin }) => [rule.name, origin])).toEqual([
      ["fall", "default"],
      ["fight", "store"],
    ]);
  });

  it("are muted where it says so, and unmuted where it takes that back", () => {
    const muted = (policy: Policy) =>
      listed(policy, "store", view)
        .filter((row) => row.isMuted)
        .map((row) => row.rule.name);
    expect(muted(EMPTY)).toEqual(["fight"]);
    expect(muted(mute(EMPTY, "fall"))).toEqual(["fall", "fight"]);
    expect(muted(unmute(EMPTY, "fight", true))).toEqual([]);
    expect(muted(withRule(EMPTY, { kind: "rules", rule: rule("fight") }))).toEqual([]);
  });

  it("are inherited again once what is different here is taken away", () => {
    const entry = { kind: "rules", rule: rule("fall", 0.9) } as const;
    expect(without(withRule(EMPTY, entry), entry)).toEqual(EMPTY);
    expect(unmute(mute(EMPTY, "fall"), "fall", false)).toEqual(EMPTY);
  });
});
