// The marks of all cameras of a store: what is in force, within which budget, and what drifted.

import { useLingui } from "@lingui/react/macro";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type CalibrationPage, type CameraMarksView, client } from "@/api/client";
import { useFormat } from "@/i18n/format";
import { said } from "@/i18n/said";
import { CheckField, SelectField } from "@/ui/controls";
import { Badge, Empty, Loaded, Scroll } from "@/ui/layout";
import { More, usePages } from "@/ui/lists";
import css from "../models.module.css";
import { useStores } from "../stores";

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
      >{t`Each camera learns from its own quiet days which mark keeps its budget of false alarms. Verdicts move the mark at once, within bounds.`}</p>
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
            <option value="">{t`All stores`}</option>
            {stores.map(({ store_id, name }) => (
              <option key={store_id} value={store_id}>
                {name}
              </option>
            ))}
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
        <table>
          <thead>
            <tr>
              <th>{t`Camera`}</th>
              <th>{t`Looks for`}</th>
              <th>{t`Mark in force`}</th>
              <th>{t`Entered`}</th>
              <th>{t`Alarms a day`}</th>
              <th>{t`Budget`}</th>
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
  const { score, number } = useFormat();
  const { source_id, source, store, run, budget_per_day, drift } = row;
  const { false_alarms, true_alarms, missed_events } = row;
  return (
    <tr className="numbers">
      <td>
        <Link
          to="/cameras/$sourceId"
          params={{ sourceId: source_id }}
          search={{ tab: "calibration" }}
        >
          {source}
        </Link>{" "}
        {store && <small>{store}</small>}
      </td>
      <td>
        {said(row.label)} {run !== "live" && <small>{run}</small>}
      </td>
      <td>{score(row.in_force)}</td>
      <td>{score(row.entered)}</td>
      <td>{number(row.alarms_a_day)}</td>
      <td>{budget_per_day === null ? "–" : number(budget_per_day)}</td>
      <td>{t`${true_alarms} true, ${false_alarms} false, ${missed_events} missed`}</td>
      <td>
        {drift === "alarms" ? (
          <Badge tone="bad">{t`Above its budget`}</Badge>
        ) : drift === "scene" ? (
          <Badge tone="warn">{t`Scene changed`}</Badge>
        ) : (
          <Badge tone="good">{t`Holds`}</Badge>
        )}
      </td>
    </tr>
  );
}
