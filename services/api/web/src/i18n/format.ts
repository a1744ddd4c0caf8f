// Numbers, moments and durations in the reader's form.

import { useLingui } from "@lingui/react/macro";
import { useMemo } from "react";

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

/** Formats for one language; moments in the time zone of the browser unless one is named. */
export function formats(locale: string, timeZone?: string) {
  const at = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale, { timeZone, ...options });
  const time = at({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  const minute = at({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const day = at({ weekday: "short", month: "short", day: "numeric" });
  const longDay = at({ dateStyle: "full" });
  const moment = at({ dateStyle: "medium", timeStyle: "short", hourCycle: "h23" });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const rate = new Intl.NumberFormat(locale, { maximumSignificantDigits: 2 });
  const share = new Intl.NumberFormat(locale, {
    minimumSignificantDigits: 2,
    maximumSignificantDigits: 2,
  });
  const score = new Intl.NumberFormat(locale, {
    minimumFractionDigits: 2,
    maximumFractionDigits: 2,
  });
  const percent = new Intl.NumberFormat(locale, { style: "percent" });
  return {
    /** 23:04:09 */
    time: (when: string | Date) => time.format(new Date(when)),
    /** 23:04 */
    minute: (when: string | Date) => minute.format(new Date(when)),
    /** Fri, Nov 27 */
    day: (when: string | Date) => day.format(new Date(when)),
    /** Friday, November 27, 2026 */
    longDay: (when: string | Date) => longDay.format(new Date(when)),
    /** Nov 27, 2026, 23:04 */
    moment: (when: string | Date) => moment.format(new Date(when)),
    /** 3 minutes ago */
    ago: (when: string | Date, now = Date.now()) => {
      const seconds = (new Date(when).getTime() - now) / 1000;
      const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? ["second", 1];
      return relative.format(Math.trunc(seconds / size), unit);
    },
    number: (value: number) => number.format(value),
    /** 0.043, 0.20 or 12: of what is counted by the day. */
    rate: (value: number) => (value > 0 && value < 1 ? share : rate).format(value),
    /** 0.93 */
    score: (value: number) => score.format(value),
    /** 62% of .62 */
    percent: (share: number) => percent.format(share),
    bytes: (size: number) => bytes(locale, size),
    /** 1:02:09 or 2:09; with tenths where a clip is looked at closely. */
    clock,
    /** 1 hr, 2 min */
    duration: (seconds: number) => duration(locale, seconds),
  };
}

export function useFormat(timeZone?: string) {
  const { i18n } = useLingui();
  return useMemo(() => formats(i18n.locale, timeZone), [i18n.locale, timeZone]);
}

export function clock(seconds: number, tenths = false): string {
  const whole = Math.max(0, tenths ? Math.round(seconds * 10) / 10 : Math.floor(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = (whole % 60).toFixed(tenths ? 1 : 0).padStart(tenths ? 4 : 2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

function bytes(locale: string, size: number): string {
  const names = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
  const power = Math.min(names.length - 1, Math.floor(Math.log10(Math.max(size, 1)) / 3));
  const form = {
    style: "unit",
    unit: names[power],
    unitDisplay: power > 0 ? "short" : "long",
    maximumFractionDigits: power > 1 ? 1 : 0,
  } as const;
  return new Intl.NumberFormat(locale, form).format(size / 1000 ** power);
}

function duration(locale: string, seconds: number): string {
  const parts: [string, number][] = [
    ["day", Math.floor(seconds / 86_400)],
    ["hour", Math.floor((seconds % 86_400) / 3600)],
    ["minute", Math.floor((seconds % 3600) / 60)],
    ["second", Math.round(seconds % 60)],
  ];
  const first = parts.findIndex(([, count]) => count > 0);
  const shown =
    first < 0 ? parts.slice(-1) : parts.slice(first, first + 2).filter(([, count]) => count);
  const form = (unit: string, count: number) =>
    new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "short" }).format(count);
  return shown.map(([unit, count]) => form(unit, count)).join(" ");
}
