// The marks of all cameras of a store: what is in force, within which budget, and what drifted.

import { useLingui } from "@lingui/react/macro";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type CalibrationPage, type CameraMarksView, client } from "@/api/client";
import { useFormat } from "@/i18n/format";
import { said } from "@/i18n/said";
import { CheckField, joined, SelectField } from "@/ui/controls";
import { Badge, Empty, Loaded, Scroll } from "@/ui/layout";
import { More, usePages } from "@/ui/lists";
import { StoreOptions, useStores } from "@/ui/stores";
import ui from "@/ui/ui.module.css";
import css from "../models.module.css";
import { useRunName } from "../words";

const PATH = "/api/v1/calibrations";
const route = getRouteApi("/shell/models-section/calibration");

export function Calibration() {
  const { t } = useLingui();
  const { store, drifting } = route.useSearch();
  const navigate = route.useNavigate();
  const stores = useStores();
  const marks = usePages<CameraMarksView>(PATH, { store, drifting }, async (cursor) => {
    const query = { store_id: store, drifting, limit: 50, cursor };
    const { data } = await client.GET(PATH, { params: { query } });
    return data as CalibrationPage;
  });
  return (
    <div className={css.stack}>
      <p
        className={css.lead}
      >{t`Each camera learns from its own quiet days from which score on an alert keeps within the budget of false alarms. Your verdicts move that score at once, within bounds.`}</p>
      <search className={css.bulk}>
        <CheckField
          label={t`Only what has drifted`}
          checked={drifting === true}
          onChange={(event) => {
            const wanted = event.currentTarget.checked || undefined;
            void navigate({ search: (before) => ({ ...before, drifting: wanted }) });
          }}
        />
        {stores.length > 1 && (
          <SelectField
            label={t`Store`}
            value={store ?? ""}
            onChange={(event) => {
              const wanted = event.currentTarget.value || undefined;
              void navigate({ search: (before) => ({ ...before, store: wanted }) });
            }}
          >
            <StoreOptions all={t`All stores`} />
          </SelectField>
        )}
      </search>
      <Loaded query={marks} rows={4}>
        {({ pages }) => {
          const all = pages.flatMap(({ items }) => items);
          if (!all.length)
            return (
              <Empty title={drifting ? t`Nothing has drifted` : t`Nothing was learned yet`}>
                <p>{t`Cameras appear here after their first whole day.`}</p>
              </Empty>
            );
          return <Table rows={all} />;
        }}
      </Loaded>
      <More query={marks} />
    </div>
  );
}

function Table({ rows }: { rows: CameraMarksView[] }) {
  const { t } = useLingui();
  return (
    <div className={css.flush}>
      <Scroll label={t`Marks of cameras`}>
        <table className={joined("numbers", ui.stacked)}>
          <thead>
            <tr>
              <th>{t`Camera`}</th>
              <th>{t`Looks for`}</th>
              <th>{t`Alerts begin at`}</th>
              <th>{t`Set by the policy`}</th>
              <th>{t`Alarms a day`}</th>
              <th>{t`Budget a day`}</th>
              <th>{t`Verdicts`}</th>
              <th>{t`State`}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <Row key={`${row.source_id} ${row.run} ${row.model_id}`} row={row} />
            ))}
          </tbody>
        </table>
      </Scroll>
    </div>
  );
}

function Row({ row }: { row: CameraMarksView }) {
  const { t } = useLingui();
  const { score, rate } = useFormat();
  const named = useRunName();
  const { source_id, source, store, run, budget_per_day } = row;
  return (
    <tr>
      <td data-label={t`Camera`}>
        <span>
          <Link
            to="/cameras/$sourceId"
            params={{ sourceId: source_id }}
            search={{ tab: "calibration" }}
          >
            {source}
          </Link>{" "}
          {store && <small>{store}</small>}
        </span>
      </td>
      <td data-label={t`Looks for`} className={css.whole}>
        <span>
          {said(row.label)}{" "}
          {run !== "live" && <small>{named({ run, detector: run.replace(/^shadow-/, "") })}</small>}
        </span>
      </td>
      <td data-label={t`Alerts begin at`}>{score(row.in_force)}</td>
      <td data-label={t`Set by the policy`}>{score(row.entered)}</td>
      <td data-label={t`Alarms a day`}>{rate(row.alarms_a_day)}</td>
      <td data-label={t`Budget a day`}>{budget_per_day === null ? "–" : rate(budget_per_day)}</td>
      <td data-label={t`Verdicts`}>
        <Verdicts row={row} />
      </td>
      <td data-label={t`State`}>
        <State drift={row.drift} />
      </td>
    </tr>
  );
}

function Verdicts({ row: { false_alarms, true_alarms, missed_events } }: { row: CameraMarksView }) {
  const { t } = useLingui();
  const said = [
    true_alarms && t`${true_alarms} true`,
    false_alarms && t`${false_alarms} false`,
    missed_events && t`${missed_events} missed`,
  ].filter(Boolean);
  return <span>{said.join(", ") || "–"}</span>;
}

function State({ drift }: { drift: CameraMarksView["drift"] }) {
  const { t } = useLingui();
  return (
    <span>
      {drift === "alarms" ? (
        <Badge tone="bad">{t`Above its budget`}</Badge>
      ) : drift === "scene" ? (
        <Badge tone="warn">{t`Scene changed`}</Badge>
      ) : (
        <Badge tone="good">{t`Holds`}</Badge>
      )}
    </span>
  );
}
