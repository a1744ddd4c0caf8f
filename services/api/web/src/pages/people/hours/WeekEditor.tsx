import { useLingui } from "@lingui/react/macro";
import type { DaySpan } from "@/api/client";
import { Button } from "@/ui/controls";
import ui from "@/ui/ui.module.css";
import { DAYS, type Day, endsNextDay, everyDay, USUAL, type Week } from "./hours";
import css from "./hours.module.css";
import { useDayNames } from "./words";

const MOST_SPANS = 12;

/** The spans of each day of a week; `none` says what a day without any means. */
export function WeekEditor({
  week,
  none,
  onChange,
}: {
  week: Week;
  none: string;
  onChange: (week: Week) => void;
}) {
  const { t } = useLingui();
  const days = useDayNames();
  const set = (day: Day, spans: DaySpan[]) => onChange({ ...week, [day]: spans });
  return (
    <div className={css.week}>
      {DAYS.map((day) => (
        <fieldset key={day} className={css.day}>
          <legend>{days[day]}</legend>
          <SpansEditor
            name={days[day]}
            spans={week[day]}
            none={none}
            onChange={(spans) => set(day, spans)}
          />
          {day === "monday" && week.monday.length > 0 && (
            <Button look="quiet" onClick={() => onChange(everyDay(week.monday))}>
              {t`Like this every day`}
            </Button>
          )}
        </fieldset>
      ))}
    </div>
  );
}

/** Spans of one day. `name` tells those who do not see it which day it is. */
export function SpansEditor({
  name,
  spans,
  none,
  onChange,
}: {
  name: string;
  spans: readonly DaySpan[];
  none: string;
  onChange: (spans: DaySpan[]) => void;
}) {
  const { t } = useLingui();
  const change = (place: number, span: DaySpan) =>
    onChange(spans.map((before, at) => (at === place ? span : before)));
  return (
    <div className={css.spans}>
      {spans.length === 0 && <span className={ui.hint}>{none}</span>}
      {spans.map((span, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a span is its place in the day
        <div key={place} className={css.span}>
          <input
            type="time"
            className={ui.control}
            aria-label={t`${name}, from`}
            value={span.start}
            onChange={({ target }) =>
              target.value && change(place, { ...span, start: target.value })
            }
          />
          <span aria-hidden="true">–</span>
          <input
            type="time"
            className={ui.control}
            aria-label={t`${name}, until`}
            value={span.end}
            onChange={({ target }) => target.value && change(place, { ...span, end: target.value })}
          />
          <Button
            look="quiet"
            aria-label={t`${name}: remove these hours`}
            onClick={() => onChange(spans.filter((_, at) => at !== place))}
          >
            ×
          </Button>
          {endsNextDay(span) && <span className={ui.hint}>{t`ends the next day`}</span>}
        </div>
      ))}
      {spans.length < MOST_SPANS && (
        <Button
          look="quiet"
          aria-label={t`${name}: add hours`}
          onClick={() => onChange([...spans, { ...USUAL }])}
        >
          {t`+ Add hours`}
        </Button>
      )}
    </div>
  );
}
