// Two runs over one stretch: which alerts came, went and moved, and which of the two was right.

import { useLingui } from "@lingui/react/macro";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useMay } from "@/api/session";
import { useFormat } from "@/i18n/format";
import { buttonClass, joined } from "@/ui/controls";
import { Empty, Loaded, Panel, Scroll } from "@/ui/layout";
import ui from "@/ui/ui.module.css";
import css from "../models.module.css";
import { useInterval, useRunName } from "../words";
import { Changes } from "./Changes";
import { Choice } from "./Choice";
import { Histogram } from "./Histogram";
import { type Comparison as Compared, useComparison } from "./reading";
import { Beside, Tiles } from "./Verdict";

const route = getRouteApi("/shell/models-section/comparison");

export function Comparison() {
  const { t } = useLingui();
  const { run } = route.useSearch();
  return (
    <div className={css.stack}>
      <Choice />
      {run ? (
        <Chosen run={run} />
      ) : (
        <Empty title={t`Choose a run`}>
          <p>{t`A finished replay, or a detector that looks on, beside what was live.`}</p>
        </Empty>
      )}
    </div>
  );
}

function Chosen({ run }: { run: string }) {
  const { against, since, until, store } = route.useSearch();
  const query = useComparison({ run, against, since, until, store_id: store });
  return (
    <Loaded query={query} rows={4}>
      {(comparison) => <Found comparison={comparison} />}
    </Loaded>
  );
}

function Found({ comparison }: { comparison: Compared }) {
  const { t } = useLingui();
  const { moment, duration } = useFormat();
  const { since, until, run, distributions, stores, sources } = comparison;
  const may = useMay("administer");
  const named = useRunName();
  const scored = duration(86_400 * run.camera_days);
  return (
    <>
      <Panel className={css.card}>
        <div className={css.head}>
          <p>
            <strong className="numbers">
              {moment(since)} – {moment(until)}
            </strong>{" "}
            <span className="dim">{t`${sources} cameras and uploads, ${scored} of them scored`}</span>
          </p>
          <div className={css.acts}>
            {may && run.detector && (
              <Link
                to="/models/$detector"
                params={{ detector: run.detector }}
                search={{ promote: run.run }}
                className={buttonClass("primary")}
              >{t`Make it live`}</Link>
            )}
          </div>
        </div>
        <Tiles comparison={comparison} />
        <Beside comparison={comparison} />
      </Panel>
      <Changes comparison={comparison} />
      {stores.length > 1 && <Stores comparison={comparison} />}
      {distributions.length > 0 && (
        <section className={css.stack} aria-labelledby="distributions">
          <h2 id="distributions">{t`How often each score was given`}</h2>
          <div className={css.cards}>
            {distributions.map((distribution) => (
              <Histogram
                key={distribution.label}
                distribution={distribution}
                names={[named(comparison.against), named(run)]}
              />
            ))}
          </div>
        </section>
      )}
    </>
  );
}

/** The same by store: where one runs the new detector and another the old one, a test of both. */
function Stores({ comparison }: { comparison: Compared }) {
  const { t } = useLingui();
  const interval = useInterval();
  return (
    <section className={css.stack} aria-labelledby="stores">
      <h2 id="stores">{t`By store`}</h2>
      <div className={css.flush}>
        <Scroll label={t`By store`}>
          <table className={joined("numbers", ui.stacked)}>
            <thead>
              <tr>
                <th>{t`Store`}</th>
                <th>{t`Gained`}</th>
                <th>{t`Lost`}</th>
                <th>{t`Moved`}</th>
                <th>{t`Alarms a camera and day`}</th>
              </tr>
            </thead>
            <tbody>
              {comparison.stores.map(({ store_id, store, run, against, gained, lost, moved }) => (
                <tr key={store_id ?? ""}>
                  <td data-label={t`Store`}>{store ?? t`No store`}</td>
                  <td data-label={t`Gained`}>{gained}</td>
                  <td data-label={t`Lost`}>{lost}</td>
                  <td data-label={t`Moved`}>{moved}</td>
                  <td data-label={t`Alarms a camera and day`}>
                    {[against, run].map((side) => interval(side.alarms_per_camera_day)).join(" → ")}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      </div>
    </section>
  );
}
