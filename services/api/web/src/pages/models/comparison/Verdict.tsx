// A comparison in a few lines: what changed, and whether it is better by what people said.

import { plural } from "@lingui/core/macro";
import { useLingui } from "@lingui/react/macro";
import { joined } from "@/ui/controls";
import { Loaded } from "@/ui/layout";
import css from "../models.module.css";
import { useInterval, useRunName } from "../words";
import { type Comparison, type Side, useComparison } from "./reading";

export function Verdict({ run }: { run: string }) {
  return (
    <Loaded query={useComparison({ run })} rows={1}>
      {(comparison) => (
        <>
          <Tiles comparison={comparison} />
          <Beside comparison={comparison} />
        </>
      )}
    </Loaded>
  );
}

/** How many alerts are new, gone, moved and the same. */
export function Tiles({ comparison }: { comparison: Comparison }) {
  const { t } = useLingui();
  const named = useRunName();
  const { gained, lost, moved, same } = comparison;
  const [before, after] = [named(comparison.against), named(comparison.run)];
  const tiles: [string, number, string][] = [
    [t`Gained`, gained.count, t`only ${after} alerted`],
    [t`Lost`, lost.count, t`only ${before} alerted`],
    [t`Moved`, moved.count, t`begin earlier or later`],
    [t`The same`, same, t`both alerted`],
  ];
  return (
    <dl className={css.tiles}>
      {tiles.map(([name, count, hint]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className="numbers">{count}</dd>
          <dd className={css.tileHint}>{hint}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The figures of both, one beside the other; intervals hold 19 times out of 20. */
export function Beside({ comparison }: { comparison: Comparison }) {
  const { t } = useLingui();
  const interval = useInterval();
  const named = useRunName();
  const both = [comparison.against, comparison.run];
  const rows: [string, (side: Side) => string, ((side: Side) => string)?][] = [
    [
      t`Alarms a camera and day`,
      (side) => interval(side.alarms_per_camera_day),
      ({ alerts }) => t`${plural(alerts, { one: "# alert", other: "# alerts" })}`,
    ],
    [
      t`True of what was reviewed`,
      (side) => interval(side.precision, "percent"),
      ({ reviewed_true, reviewed_false }) => {
        const reviewed = reviewed_true + reviewed_false;
        return reviewed ? t`${reviewed_true} of ${reviewed}` : "";
      },
    ],
    [
      t`Found of what was true`,
      (side) => interval(side.recall, "percent"),
      ({ missed }) => (missed ? t`${missed} passed over` : ""),
    ],
    [
      t`How well scores part true from false (1 is best, 0.5 is chance)`,
      ({ auc }) => interval(auc, "score"),
    ],
  ];
  return (
    <div className={css.stack}>
      <div className={css.flush}>
        <table className={joined("numbers", css.beside)}>
          <thead>
            <tr>
              <td />
              {both.map((side) => (
                <th key={side.run}>{named(side)}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(([name, figure, more]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                {both.map((side) => (
                  <td key={side.run}>
                    <div>{figure(side)}</div>
                    {more?.(side) && <small>{more(side)}</small>}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <small>{t`In brackets: the range in which it lies, 19 times out of 20.`}</small>
    </div>
  );
}
