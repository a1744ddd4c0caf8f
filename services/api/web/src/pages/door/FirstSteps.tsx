// What comes after the first owner: a store, something to watch, and the proof that it works.

import { useLingui } from "@lingui/react/macro";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useMe } from "@/api/session";
import { joined } from "@/ui/controls";
import { Page, Panel } from "@/ui/layout";
import { CameraStep } from "./steps/CameraStep";
import { CheckStep } from "./steps/CheckStep";
import { OwnerStep } from "./steps/OwnerStep";
import { StoreStep } from "./steps/StoreStep";
import { STEPS, type Step } from "./steps/steps";
import css from "./steps/steps.module.css";
import { useDone } from "./steps/useDone";

const route = getRouteApi("/shell/setup");

const CONTENT: Record<Step, () => ReactNode> = {
  owner: OwnerStep,
  store: StoreStep,
  camera: CameraStep,
  check: CheckStep,
};

export function FirstSteps() {
  const { t } = useLingui();
  const { kind } = useMe();
  const { step = kind === "user" ? "store" : "owner" } = route.useSearch();
  const names: Record<Step, string> = {
    owner: t`Owner`,
    store: t`Store`,
    camera: t`Camera`,
    check: t`Self-check`,
  };
  const Content = CONTENT[step];
  const done = useDone();
  const reached = STEPS.indexOf(step);
  return (
    <Page title={t`Set up Nightclerk`}>
      <nav className={css.way} aria-label={t`Steps`}>
        <ol className={css.steps}>
          {STEPS.map((name, place) => {
            const isDone = place < reached && done.has(name);
            const isSkipped = place < reached && !isDone;
            return (
              <li key={name}>
                <Link
                  to="/setup"
                  search={{ step: name }}
                  className={joined(css.step, isDone && css.past)}
                  aria-current={name === step ? "step" : undefined}
                >
                  <span className={css.count} aria-hidden="true">
                    {isDone ? "✓" : isSkipped ? "–" : place + 1}
                  </span>
                  <span className={css.name}>{names[name]}</span>
                  {isSkipped && <span className="unseen">{t`Skipped`}</span>}
                </Link>
              </li>
            );
          })}
        </ol>
      </nav>
      <Panel className={css.panel}>
        <h2>{names[step]}</h2>
        <Content />
      </Panel>
    </Page>
  );
}
