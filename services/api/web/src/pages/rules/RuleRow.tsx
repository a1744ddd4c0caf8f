import { useLingui } from "@lingui/react/macro";
import type { Policy } from "@/api/client";
import { said } from "@/i18n/said";
import { Button } from "@/ui/controls";
import { Badge } from "@/ui/layout";
import ui from "@/ui/ui.module.css";
import { type Listed, mute, unmute, without } from "./policies";
import css from "./rules.module.css";
import { useSeverityWords } from "./targets";
import { useOriginWords, usePeriodWords, useRuleWords } from "./words";

const TONES = { info: "plain", warning: "warn", critical: "bad" } as const;

type Props = {
  row: Listed;
  draft: Policy;
  /** Absent: one may only look. */
  change: ((policy: Policy) => void) | undefined;
  edit: () => void;
};

/** A rule in a sentence, where it comes from, and what may be made of it here. */
export function RuleRow({ row, draft, change, edit }: Props) {
  const { t } = useLingui();
  const severities = useSeverityWords();
  const periods = usePeriodWords();
  const origins = useOriginWords();
  const words = useRuleWords();
  const { rule, isOwn, isMuted } = row;
  const where = origins[row.mutedBy ?? "default"];
  const isHere = draft.muted.includes(rule.name);
  return (
    <li className={css.rule} data-muted={isMuted || undefined}>
      <div className={ui.row} style={{ padding: 0 }}>
        <div className={ui.about}>
          <strong>
            {said(rule.label)} <small>{rule.name}</small>
          </strong>
          <span>{words(row)}</span>
          <span className={css.chips}>
            <Badge tone={TONES[rule.severity]}>{severities[rule.severity]}</Badge>
            <Badge>{periods[rule.during]}</Badge>
            <Badge tone={isOwn ? "busy" : "plain"}>
              {isOwn ? t`Different here` : origins[row.origin]}
            </Badge>
            {isMuted && <Badge tone="warn">{isHere ? t`Muted here` : t`Muted: ${where}`}</Badge>}
          </span>
        </div>
        {change && (
          <div className={ui.actions}>
            <Button onClick={edit}>{isOwn ? t`Change` : t`Override here`}</Button>
            {isMuted ? (
              <Button onClick={() => change(unmute(draft, rule.name, !isHere))}>{t`Unmute`}</Button>
            ) : (
              <Button onClick={() => change(mute(draft, rule.name))}>{t`Mute`}</Button>
            )}
            {isOwn && (
              <Button look="quiet" onClick={() => change(without(draft, row))}>
                {t`As inherited`}
              </Button>
            )}
          </div>
        )}
      </div>
    </li>
  );
}
