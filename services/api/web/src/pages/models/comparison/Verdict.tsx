// A comparison in a few lines: what changed, and whether it is better by what people said.

import { useLingui } from "@lingui/react/macro";
import { Loaded } from "@/ui/layout";
import css from "../models.module.css";
import { useInterval } from "../words";
import { type Comparison, useComparison } from "./reading";

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
  const { gained, lost, moved, same } = comparison;
  const tiles: [string, number][] = [
    [t`Gained`, gained.count],
    [t`Lost`, lost.count],
    [t`Moved`, moved.count],
    [t`The same`, same],
  ];
  return (
    <dl className={css.tiles}>
      {tiles.map(([name, count]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className="numbers">{count}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The figures of both, one beside the other; intervals hold 19 times out of 20. */
export function Beside({ comparison: { run, against } }: { comparison: Comparison }) {
  const { t } = useLingui();
  const interval = useInterval();
  const rows: [string, string, string][] = [
    [
      t`Alarms a camera and day`,
      interval(against.alarms_per_camera_day),
      interval(run.alarms_per_camera_day),
    ],
    [
      t`True of what was reviewed`,
      interval(against.precision, true),
      interval(run.precision, true),
    ],
    [t`Found of what was true`, interval(against.recall, true), interval(run.recall, true)],
    [t`AUC where marked`, interval(against.auc), interval(run.auc)],
  ];
  return (
    <div className={css.flush}>
      <table className="numbers">
        <thead>
          <tr>
            <td />
            <th>{against.run}</th>
            <th>{run.run}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, one, other]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{one}</td>
              <td>{other}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
