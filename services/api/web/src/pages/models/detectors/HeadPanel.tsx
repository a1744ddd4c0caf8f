// A head of a detector as its card describes it.

import { useLingui } from "@lingui/react/macro";
import { useFormat } from "@/i18n/format";
import { said } from "@/i18n/said";
import { Panel } from "@/ui/layout";
import css from "../models.module.css";
import type { Head } from "../reading";

export function HeadPanel({ head }: { head: Head }) {
  const { t } = useLingui();
  const { score } = useFormat();
  const { rule, metrics, data } = head;
  return (
    <Panel className={css.card}>
      <h3>{said(rule.label)}</h3>
      <dl className={css.pairs}>
        <dt>{t`Kind of head`}</dt>
        <dd>{head.head}</dd>
        <dt>{t`Id in alerts`}</dt>
        <dd>{head.model_id}</dd>
        <dt>{t`Its own rule`}</dt>
        <dd>
          {t`alert once ${rule.k} of ${rule.n} clips reach ${score(rule.high)}; over after ${rule.m} below ${score(rule.low)}`}
        </dd>
        {data.length > 0 && (
          <>
            <dt>{t`Taught with`}</dt>
            <dd>
              {data.map((each) => (
                <div key={each}>{each}</div>
              ))}
            </dd>
          </>
        )}
      </dl>
      {Object.keys(metrics).length > 0 && <Metrics metrics={metrics} />}
    </Panel>
  );
}

/** What training measured, name by name; what is nested is shown flat. */
function Metrics({ metrics }: { metrics: Record<string, unknown> }) {
  const { t } = useLingui();
  return (
    <details>
      <summary>{t`What training measured`}</summary>
      <dl className={css.pairs}>
        {flat(metrics).map(([name, value]) => (
          <Pair key={name} name={name} value={value} />
        ))}
      </dl>
    </details>
  );
}

function Pair({ name, value }: { name: string; value: unknown }) {
  return (
    <>
      <dt>{name}</dt>
      <dd className="numbers">
        {typeof value === "number" ? Number(value.toPrecision(4)) : String(value)}
      </dd>
    </>
  );
}

function flat(values: Record<string, unknown>, before = ""): [string, unknown][] {
  return Object.entries(values).flatMap(([name, value]): [string, unknown][] =>
    value !== null && typeof value === "object" && !Array.isArray(value)
      ? flat(value as Record<string, unknown>, `${before}${name}.`)
      : [[before + name, Array.isArray(value) ? value.join(", ") : value]],
  );
}
