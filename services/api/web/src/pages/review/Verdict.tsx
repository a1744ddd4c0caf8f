import { useLingui } from "@lingui/react/macro";
import { type Ref, useId } from "react";
import type { VerdictEntry } from "@/api/client";
import { Button } from "@/ui/controls";
import css from "./review.module.css";

export type Verdict = VerdictEntry["verdict"];

/** A true or a false alarm, and why. What stands in the field of the reason goes with either. */
export function VerdictForm({
  judge,
  reason,
  disabled = false,
}: {
  judge: (verdict: Verdict) => unknown;
  reason: Ref<HTMLInputElement>;
  disabled?: boolean;
}) {
  const { t } = useLingui();
  const list = useId();
  const usual = [
    t`Staff`,
    t`The cleaner`,
    t`A delivery`,
    t`A reflection or shadow`,
    t`Playing children`,
  ];
  return (
    <div className={css.verdict}>
      <div className={css.pair}>
        <Button look="danger" disabled={disabled} onClick={() => judge("true")}>
          {t`True alarm`} <kbd>T</kbd>
        </Button>
        <Button disabled={disabled} onClick={() => judge("false")}>
          {t`False alarm`} <kbd>F</kbd>
        </Button>
      </div>
      <input
        ref={reason}
        className={css.reason}
        list={list}
        maxLength={200}
        aria-label={t`Reason`}
        placeholder={t`Reason, if there is one`}
        onKeyDown={({ key, currentTarget }) => key === "Escape" && currentTarget.blur()}
      />
      <datalist id={list}>
        {usual.map((word) => (
          <option key={word} value={word} />
        ))}
      </datalist>
    </div>
  );
}

export function entryOf(verdict: Verdict, input: HTMLInputElement | null): VerdictEntry {
  const reason = input?.value.trim();
  return reason ? { verdict, reason } : { verdict };
}
