// The form of a dialog.

import { useLingui } from "@lingui/react/macro";
import type { FormEvent, ReactNode } from "react";
import { FaultLine } from "./act";
import { Button } from "./controls";
import { Actions } from "./layout";
import css from "./ui.module.css";

/** Fields, what went wrong below them, and the two ways out: `verb` and to cancel. */
export function DialogForm({
  verb,
  submit,
  cancel,
  busy = false,
  fault = "",
  isReady = true,
  children,
}: {
  verb: string;
  submit: (event: FormEvent<HTMLFormElement>) => void;
  cancel: () => void;
  busy?: boolean;
  fault?: string;
  isReady?: boolean;
  children: ReactNode;
}) {
  const { t } = useLingui();
  return (
    <form
      className={css.form}
      autoComplete="off"
      onSubmit={(event) => {
        event.preventDefault();
        submit(event);
      }}
    >
      {children}
      <FaultLine text={fault} />
      <Actions>
        <Button onClick={cancel}>{t`Cancel`}</Button>
        <Button type="submit" look="primary" busy={busy} disabled={!isReady}>
          {verb}
        </Button>
      </Actions>
    </form>
  );
}
