// Hours of a store as they are edited: pure.

import type { DaySpan, StoreHoursOutput } from "@/api/client";

export const DAYS = [
  "monday",
  "tuesday",
  "wednesday",
  "thursday",
  "friday",
  "saturday",
  "sunday",
] as const;
export type Day = (typeof DAYS)[number];
export type Week = Record<Day, DaySpan[]>;
export type Hours = StoreHoursOutput;

export const WHOLE_DAY: DaySpan = { start: "00:00", end: "00:00" };
/** What a span that is added is at first. */
export const USUAL: DaySpan = { start: "09:00", end: "18:00" };

export function week(spans: (day: Day) => DaySpan[]): Week {
  return Object.fromEntries(DAYS.map((day) => [day, spans(day)])) as Week;
}

/** The same spans on every day of the week. */
export function everyDay(spans: DaySpan[]): Week {
  return week(() => spans.map((span) => ({ ...span })));
}

/** A week as the API has it, whose days without spans may be left out. */
export function weekOf(hours: Partial<Week> | null | undefined): Week | null {
  return hours ? week((day) => hours[day] ?? []) : null;
}

export function isEmpty(hours: Week): boolean {
  return DAYS.every((day) => hours[day].length === 0);
}

/** Days that follow one another and have the same spans, together: for reading. */
export function runs(hours: Week): { first: Day; last: Day; spans: DaySpan[] }[] {
  const found: { first: Day; last: Day; spans: DaySpan[] }[] = [];
  for (const day of DAYS) {
    const latest = found.at(-1);
    if (latest && same(latest.spans, hours[day])) latest.last = day;
    else found.push({ first: day, last: day, spans: hours[day] });
  }
  return found;
}

export function isWholeDay({ start, end }: DaySpan): boolean {
  return start === "00:00" && end === "00:00";
}

/** Whether a span goes on into the next day. */
export function endsNextDay(span: DaySpan): boolean {
  return span.end <= span.start && span.end !== "00:00";
}

function same(left: DaySpan[], right: DaySpan[]): boolean {
  return (
    left.length === right.length &&
    left.every(({ start, end }, place) => start === right[place]?.start && end === right[place].end)
  );
}

/** Names of time zones, the browser's own first. */
export function timeZones(): string[] {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return [...new Set([here, "UTC", ...Intl.supportedValuesOf("timeZone")])];
}
