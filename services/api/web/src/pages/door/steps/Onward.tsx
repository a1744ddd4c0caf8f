import { useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { buttonClass } from "@/ui/controls";
import type { Step } from "./steps";
import css from "./steps.module.css";

type Props = { to: Step; skips?: boolean; children?: ReactNode };

/** The way on, or past this step, beside what the step does. */
export function Onward({ to, skips = false, children }: Props) {
  const { t } = useLingui();
  return (
    <div className={css.onward}>
      <Link to="/setup" search={{ step: to }} className={buttonClass(skips ? "quiet" : "primary")}>
        {skips ? t`Skip this` : t`Go on`}
      </Link>
      {children}
    </div>
  );
}
