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
        <dt>{t`Alerts`}</dt>
        <dd>{t`once ${rule.k} of ${rule.n} clips reach ${score(rule.high)}`}</dd>
        <dt>{t`Ends`}</dt>
        <dd>{t`after ${rule.m} clips below ${score(rule.low)}`}</dd>
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
      <details className={css.more}>
        <summary>{t`What training measured`}</summary>
        <dl className={css.pairs}>
          <Pair name={t`Kind of head`} value={head.head} />
          <Pair name={t`Id in alerts`} value={head.model_id} />
          {flat(metrics).map(([name, value]) => (
            <Pair key={name} name={name} value={value} />
          ))}
        </dl>
      </details>
    </Panel>
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
