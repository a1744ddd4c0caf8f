// What days and hours are called in the reader's language.

import { useLingui } from "@lingui/react/macro";
import type { DaySpan } from "@/api/client";
import { DAYS, type Day, endsNextDay, isWholeDay, runs, type Week } from "./hours";

/** A Monday, whatever the time zone. */
const MONDAY = Date.UTC(2026, 5, 1, 12);
const DAY_MS = 86_400_000;

export function useDayNames(form: "long" | "short" = "long"): Record<Day, string> {
  const { i18n } = useLingui();
  const format = new Intl.DateTimeFormat(i18n.locale, { weekday: form, timeZone: "UTC" });
  return Object.fromEntries(
    DAYS.map((day, place) => [day, format.format(MONDAY + place * DAY_MS)]),
  ) as Record<Day, string>;
}

/** "09:00–18:00, 20:00–02:00 (next day)". */
export function useSpansInWords(): (spans: readonly DaySpan[], none: string) => string {
  const { t } = useLingui();
  return (spans, none) => {
    if (spans.length === 0) return none;
    return spans
      .map((span) => {
        const { start, end } = span;
        if (isWholeDay(span)) return t`all day`;
        return endsNextDay(span) ? t`${start}–${end} (next day)` : `${start}–${end}`;
      })
      .join(", ");
  };
}

/** A line for days that are alike; with `none` of null days without spans are left out. */
export function useWeekInWords(): (week: Week, none: string | null) => string[] {
  const days = useDayNames("short");
  const spans = useSpansInWords();
  return (week, none) =>
    runs(week)
      .filter(({ spans: of }) => none !== null || of.length > 0)
      .map(({ first, last, spans: of }) => {
        const name = first === last ? days[first] : `${days[first]}–${days[last]}`;
        return `${name} ${spans(of, none ?? "")}`;
      });
}
