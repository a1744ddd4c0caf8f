// Rules in a sentence, in the words of the field.

import { useLingui } from "@lingui/react/macro";
import type { PersistenceRule, PresenceRule } from "@/api/client";
import { useFormat } from "@/i18n/format";
import type { Entry, Origin } from "./policies";

export const PERIODS = ["always", "open", "closed", "staffed", "unstaffed"] as const;
export type Period = (typeof PERIODS)[number];

export function usePeriodWords(): Record<Period, string> {
  const { t } = useLingui();
  return {
    always: t`Always`,
    open: t`While the store is open`,
    closed: t`While the store is closed`,
    staffed: t`While staff is there`,
    unstaffed: t`While no staff is there`,
  };
}

export function useOriginWords(): Record<Origin, string> {
  const { t } = useLingui();
  return { default: t`From the model`, tenant: t`Chain`, store: t`Store`, source: t`Camera` };
}

/** What opens an episode by the rule. */
export function useRuleWords(): (entry: Entry) => string {
  const { t } = useLingui();
  const { score, number, duration } = useFormat();
  const scores = ({ high, k, n, budget_per_day }: PersistenceRule) => {
    const [mark, budget] = [score(high), number(budget_per_day ?? 0)];
    const persistence = t`${k} of ${n} windows at ${mark} or above`;
    return budget_per_day
      ? `${persistence}; ${t`${budget} false alarms a day at most`}`
      : persistence;
  };
  const people = ({ posture, more_than, longer_than_s, zone }: PresenceRule) => {
    const wait = duration(longer_than_s);
    const who = posture === "lying" ? t`Somebody lies` : t`More than ${more_than} people`;
    return [who, zone ? t`in ${zone}` : "", t`for longer than ${wait}`].filter(Boolean).join(" ");
  };
  return (entry) => (entry.kind === "rules" ? scores(entry.rule) : people(entry.rule));
}
