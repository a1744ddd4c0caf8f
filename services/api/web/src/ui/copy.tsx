// What is to be taken elsewhere: a link, a key, a code.

import { useLingui } from "@lingui/react/macro";
import { useId, useRef, useState } from "react";
import { Button, joined } from "./controls";
import css from "./ui.module.css";

/** A text with a button that copies it. Where the clipboard is refused, it is selected instead. */
export function CopyField({ label, value }: { label: string; value: string }) {
  const { t } = useLingui();
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    field.current?.select();
    try {
      await navigator.clipboard.writeText(value);
      setCopied(true);
    } catch {
      field.current?.focus();
    }
  };
  return (
    <div className={css.field}>
      <label htmlFor={id}>{label}</label>
      <div className={css.copy}>
        <input
          id={id}
          ref={field}
          className={joined(css.control, "numbers")}
          value={value}
          readOnly
          onFocus={(event) => event.currentTarget.select()}
        />
        <Button onClick={copy}>{copied ? t`Copied` : t`Copy`}</Button>
      </div>
    </div>
  );
}
