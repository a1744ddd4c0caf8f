// A camera's days: the mark in force, what each day asked for, what is usual, and alarms below.

import { useLingui } from "@lingui/react/macro";
import type { ModelCalibrationView } from "@/api/client";
import { useFormat } from "@/i18n/format";
import { said } from "@/i18n/said";
import css from "./calibration.module.css";

const HEIGHT = 140;
const ALARMS = 40;
const STEP = 12;

export function DaysChart({ model }: { model: ModelCalibrationView }) {
  const { t } = useLingui();
  const { day: shown, score } = useFormat("UTC");
  const { days, entered, budget_per_day } = model;
  const label = said(model.label);
  const values = days.flatMap((each) => [each.mark, each.usual, each.level ?? each.mark]);
  const low = Math.max(0, Math.min(entered, ...values) - 0.05);
  const high = Math.min(1, Math.max(entered, ...values) + 0.05);
  const y = (value: number) => HEIGHT * (1 - (value - low) / (high - low));
  const x = (place: number) => (place + 0.5) * STEP;
  const width = days.length * STEP;
  const line = (pick: (place: number) => number) =>
    days.map((_, place) => `${x(place)},${y(pick(place)).toFixed(1)}`).join(" ");
  const most = Math.max(budget_per_day ?? 0, 1, ...days.map(({ alarms }) => alarms));
  const bar = (count: number) => (count / most) * ALARMS;
  const ground = HEIGHT + ALARMS + 8;
  return (
    <figure className={css.chart}>
      <svg
        viewBox={`0 0 ${width} ${ground}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={t`Marks over the days: ${label}`}
      >
        <line className={css.entered} x1="0" x2={width} y1={y(entered)} y2={y(entered)} />
        <polyline className={css.usual} points={line((place) => days[place]?.usual ?? 0)} />
        <polyline className={css.mark} points={line((place) => days[place]?.mark ?? 0)} />
        {days.map(({ day, level, alarms }, place) => (
          <g key={day}>
            <title>{`${shown(day)}: ${alarms}`}</title>
            {level !== null && level !== undefined && (
              <line
                className={css.level}
                x1={x(place) - STEP / 3}
                x2={x(place) + STEP / 3}
                y1={y(level)}
                y2={y(level)}
              />
            )}
            <rect
              className={budget_per_day !== null && alarms > budget_per_day ? css.over : css.alarms}
              x={x(place) - STEP / 3}
              width={(STEP * 2) / 3}
              y={ground - bar(alarms)}
              height={bar(alarms)}
            />
          </g>
        ))}
      </svg>
      <div className={css.scale}>
        <span>{shown(days[0]?.day ?? "")}</span>
        <span className="numbers">{t`Scores from ${score(low)} to ${score(high)}`}</span>
        <span>{shown(days.at(-1)?.day ?? "")}</span>
      </div>
      <figcaption className={css.legend}>
        <span data-of="mark">{t`Alerts began at`}</span>
        <span data-of="level">{t`Needed to keep the budget`}</span>
        <span data-of="usual">{t`Usual peaks`}</span>
        <span data-of="entered">{t`Set by the policy`}</span>
        <span data-of="alarms">{t`Alarms`}</span>
      </figcaption>
    </figure>
  );
}
