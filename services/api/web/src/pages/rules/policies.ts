// A policy as it is edited: what is inherited, what is different here, what becomes of a change.

import type { EffectivePolicyView, PersistenceRule, Policy, PresenceRule } from "@/api/client";

export type Scope = "tenant" | "store" | "source";
export type Origin = Scope | "default";
const RANK: Record<Origin, number> = { default: 0, tenant: 1, store: 2, source: 3 };

/** What is in force, as far as editing asks. */
export type InForce = Pick<EffectivePolicyView, "rules" | "presence"> & {
  zones: { name: string }[];
};

export type ScoreEntry = { kind: "rules"; rule: PersistenceRule };
export type PresenceEntry = { kind: "presence"; rule: PresenceRule };
export type Entry = ScoreEntry | PresenceEntry;

/** A rule as the list shows it. `origin` is this scope where it is different here. */
export type Listed = Entry & {
  origin: Origin;
  isOwn: boolean;
  isMuted: boolean;
  mutedBy: Origin | null;
};

/** Every rule that concerns the scope, once: what is said here before what is inherited. */
export function listed(draft: Policy, scope: Scope, effective: InForce | undefined): Listed[] {
  const own: Listed[] = [
    ...draft.rules.map((rule) => mine({ kind: "rules", rule }, scope)),
    ...draft.presence.map((rule) => mine({ kind: "presence", rule }, scope)),
  ];
  const here = new Set(own.map(({ kind, rule }) => `${kind}/${rule.name}`));
  const inherited = [
    ...(effective?.rules ?? []).map((found) => ({ kind: "rules" as const, ...found })),
    ...(effective?.presence ?? []).map((found) => ({ kind: "presence" as const, ...found })),
  ]
    .filter(
      ({ kind, rule, origin }) => RANK[origin] < RANK[scope] && !here.has(`${kind}/${rule.name}`),
    )
    .map(({ muted_by, ...found }) => {
      const farther = muted_by && RANK[muted_by] < RANK[scope] ? muted_by : null;
      return { ...found, isOwn: false, isMuted: false, mutedBy: farther } as Listed;
    });
  return [...inherited, ...own]
    .map((row) => muting(row, draft, scope))
    .sort((a, b) => a.kind.localeCompare(b.kind) * -1 || a.rule.name.localeCompare(b.rule.name));
}

function mine(entry: Entry, origin: Scope): Listed {
  return { ...entry, origin, isOwn: true, isMuted: false, mutedBy: null };
}

/** Defined or unmuted here, what is muted farther away raises alerts again. */
function muting(row: Listed, draft: Policy, scope: Scope): Listed {
  const { name } = row.rule;
  if (draft.muted.includes(name)) return { ...row, isMuted: true, mutedBy: scope };
  if (row.isOwn || draft.unmuted.includes(name)) return { ...row, mutedBy: null };
  return { ...row, isMuted: row.mutedBy !== null };
}

export function withRule(policy: Policy, entry: Entry): Policy {
  const rest = without(policy, entry);
  return entry.kind === "rules"
    ? { ...rest, rules: [...rest.rules, entry.rule] }
    : { ...rest, presence: [...rest.presence, entry.rule] };
}

/** What is inherited counts again. */
export function without(policy: Policy, { kind, rule: { name } }: Entry): Policy {
  return kind === "rules"
    ? { ...policy, rules: policy.rules.filter((rule) => rule.name !== name) }
    : { ...policy, presence: policy.presence.filter((rule) => rule.name !== name) };
}

export function mute(policy: Policy, name: string): Policy {
  const unmuted = policy.unmuted.filter((other) => other !== name);
  return { ...policy, muted: [...policy.muted.filter((other) => other !== name), name], unmuted };
}

/** `isFar`: muted where it is inherited from, and so unmuted here. */
export function unmute(policy: Policy, name: string, isFar: boolean): Policy {
  const muted = policy.muted.filter((other) => other !== name);
  const rest = policy.unmuted.filter((other) => other !== name);
  return { ...policy, muted, unmuted: isFar ? [...rest, name] : rest };
}

export const NEW_PRESENCE: PresenceRule = {
  name: "",
  label: "",
  zone: null,
  posture: "any",
  more_than: 0,
  longer_than_s: 5,
  clear_s: 10,
  min_confidence: 0.5,
  cooldown_s: 60,
  severity: "warning",
  during: "closed",
  joined: null,
};
