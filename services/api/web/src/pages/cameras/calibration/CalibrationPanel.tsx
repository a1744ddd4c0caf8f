// What a camera's own days and people's verdicts made of its marks.

import { useLingui } from "@lingui/react/macro";
import { $api, type CameraView, type ModelCalibrationView } from "@/api/client";
import { useFormat } from "@/i18n/format";
import { said } from "@/i18n/said";
import { Badge, Empty, Loaded, Panel } from "@/ui/layout";
import css from "./calibration.module.css";
import { DaysChart } from "./DaysChart";
import { Verdicts } from "./Verdicts";

export default function CalibrationPanel({ camera }: { camera: CameraView }) {
  const { t } = useLingui();
  const { source_id } = camera;
  const query = $api.useQuery("get", "/api/v1/cameras/{source_id}/calibration", {
    params: { path: { source_id } },
  });
  return (
    <Loaded query={query} rows={3}>
      {({ models }) =>
        models.length === 0 ? (
          <Empty title={t`Nothing was learned yet`}>
            <p>{t`A camera's marks follow its own quiet days and what people say of its alerts. The first day counts once it is over.`}</p>
          </Empty>
        ) : (
          <div className={css.models}>
            {models.map((model) => (
              <Model key={`${model.run} ${model.model_id}`} model={model} />
            ))}
          </div>
        )
      }
    </Loaded>
  );
}

function Model({ model }: { model: ModelCalibrationView }) {
  const { run, model_id, days, verdicts } = model;
  const label = said(model.label);
  return (
    <Panel className={css.model} aria-label={`${label} ${run}`}>
      <div className={css.head}>
        <h2>{label}</h2>
        <span className="dim">{run === "live" ? model_id : `${run} · ${model_id}`}</span>
      </div>
      <DriftLine model={model} />
      <Marks model={model} />
      {days.length > 0 && <DaysChart model={model} />}
      {verdicts.length > 0 && <Verdicts model={model} />}
    </Panel>
  );
}

function DriftLine({ model: { drift, drift_since } }: { model: ModelCalibrationView }) {
  const { t } = useLingui();
  const { day } = useFormat("UTC");
  if (!drift) return null;
  return (
    <p role="status">
      <Badge tone="bad">{t`Drifted`}</Badge>{" "}
      {drift === "alarms"
        ? t`It raises more alarms than its budget, and the mark may rise no further: look at what raises them.`
        : t`What is usual here scores otherwise than it did: was the camera moved, or the room changed?`}{" "}
      {drift_since && <span className="dim">{day(drift_since)}</span>}
    </p>
  );
}

/** The mark in force, and how it came about. */
function Marks({ model }: { model: ModelCalibrationView }) {
  const { t } = useLingui();
  const { score, rate } = useFormat();
  const { entered, by_days, in_force, furthest, budget_per_day } = model;
  const late = model.alarms_of_late;
  const tiles: [string, string, string][] = [
    [t`Alerts begin at`, score(in_force), t`The score in force`],
    [t`Set by the policy`, score(entered), t`Never below it`],
    [t`From its quiet days`, score(by_days), t`Before any verdict`],
    [t`At the most`, score(furthest), t`Never above it`],
    [
      t`Alarms a day`,
      rate(model.alarms_a_day),
      budget_per_day === null
        ? t`${late} in seven days, no budget`
        : t`${late} in seven days, budget ${rate(budget_per_day)} a day`,
    ],
  ];
  return (
    <dl className={css.tiles}>
      {tiles.map(([name, value, hint]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className="numbers">{value}</dd>
          <dd className={css.hint}>{hint}</dd>
        </div>
      ))}
    </dl>
  );
}
