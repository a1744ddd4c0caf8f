// What people set going: busy meanwhile, and a sentence when it failed.

import { useLingui } from "@lingui/react/macro";
import { useState } from "react";
import { sentence } from "./layout";
import css from "./ui.module.css";

/** `run` never rejects: what went wrong stands in `fault`; the answer is whether it went well. */
export function useAct() {
  const { t } = useLingui();
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState("");
  const run = async (work: () => Promise<unknown>): Promise<boolean> => {
    setBusy(true);
    setFault("");
    try {
      await work();
      return true;
    } catch (error) {
      setFault(sentence(error, t`Nightclerk cannot be reached. Is it running?`));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, fault, run };
}

/** Heard by those who do not see it; nothing without a text. */
export function FaultLine({ text }: { text: string }) {
  if (!text) return null;
  return (
    <p className={css.fault} role="alert">
      {text}
    </p>
  );
}
