import { useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { buttonClass } from "@/ui/controls";
import type { Step } from "./steps";
import css from "./steps.module.css";

/** The way on without this step, beside what the step does. */
export function Onward({ to, children }: { to: Step; children?: ReactNode }) {
  const { t } = useLingui();
  return (
    <div className={css.onward}>
      <Link
        to="/setup"
        search={{ step: to }}
        className={buttonClass(children ? "quiet" : "primary")}
      >
        {children ? t`Skip this` : t`Go on`}
      </Link>
      {children}
    </div>
  );
}
