// Days and hours by the clock of a store. Moments are milliseconds since 1970.

const HOUR_MS = 3_600_000;
const formats = new Map<string, Intl.DateTimeFormat>();
const offsets = new Map<string, number>();

/** How far the clock of a time zone is before UTC at a moment. */
export function offsetMs(zone: string, at: number): number {
  const hour = Math.floor(at / HOUR_MS);
  const key = `${zone} ${hour}`;
  const known = offsets.get(key);
  if (known !== undefined) return known;
  const parts = Object.fromEntries(
    format(zone)
      .formatToParts(hour * HOUR_MS)
      .map(({ type, value }) => [type, Number(value)]),
  ) as Record<"year" | "month" | "day" | "hour" | "minute" | "second", number>;
  const { year, month, day, hour: hours, minute, second } = parts;
  const offset = Date.UTC(year, month - 1, day, hours, minute, second) - hour * HOUR_MS;
  if (offsets.size > 20_000) offsets.clear();
  offsets.set(key, offset);
  return offset;
}

/** The midnight that is `days` after the one with which the day of a moment began. */
export function midnight(zone: string, at: number, days = 0): number {
  const local = new Date(at + offsetMs(zone, at));
  const day = Date.UTC(local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate() + days);
  const guess = day - offsetMs(zone, day);
  return day - offsetMs(zone, guess);
}

/** YYYY-MM-DD, as date fields have it. */
export function dateOf(zone: string, at: number): string {
  return new Date(at + offsetMs(zone, at)).toISOString().slice(0, 10);
}

/** Midnight of YYYY-MM-DD there; NaN for what is no date. */
export function momentOf(zone: string, date: string): number {
  const noon = Date.parse(`${date}T12:00:00Z`);
  return Number.isNaN(noon) ? noon : midnight(zone, noon - offsetMs(zone, noon));
}

function format(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const made = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  formats.set(zone, made);
  return made;
}
