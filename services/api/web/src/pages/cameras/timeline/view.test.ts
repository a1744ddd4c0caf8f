import { describe, expect, it } from "vitest";
import {
  around,
  DAY,
  HOUR,
  LONGEST,
  resolutionFor,
  SHORTEST,
  ticks,
  tilesOf,
  zoomed,
} from "./view";
import { dateOf, midnight, momentOf } from "./zones";

const SEOUL = "Asia/Seoul";
const BERLIN = "Europe/Berlin";
const at = (text: string) => Date.parse(text);

describe("days of a store", () => {
  it("begin at its own midnight, also when clocks are set", () => {
    expect(midnight(SEOUL, at("2026-05-01T20:00:00Z"))).toBe(at("2026-05-01T15:00:00Z"));
    expect(midnight(BERLIN, at("2026-03-29T12:00:00Z"))).toBe(at("2026-03-28T23:00:00Z"));
    expect(midnight(BERLIN, at("2026-03-29T12:00:00Z"), 1)).toBe(at("2026-03-29T22:00:00Z"));
  });
  it("are named as there", () => {
    expect(dateOf(SEOUL, at("2026-05-01T20:00:00Z"))).toBe("2026-05-02");
    expect(momentOf(SEOUL, "2026-05-02")).toBe(at("2026-05-01T15:00:00Z"));
    expect(momentOf(SEOUL, "")).toBeNaN();
  });
});

describe("a view", () => {
  const day = { from: at("2026-05-01T00:00:00Z"), to: at("2026-05-02T00:00:00Z") };
  it("zooms about a moment, from a month to seconds", () => {
    const noon = at("2026-05-01T12:00:00Z");
    const near = zoomed(day, 0.5, noon);
    expect(near).toEqual(around(noon, DAY / 2));
    expect(zoomed(day, 0, noon).to - zoomed(day, 0, noon).from).toBe(SHORTEST);
    expect(zoomed(day, 1e9, noon).to - zoomed(day, 1e9, noon).from).toBe(LONGEST);
  });
  it("is read as finely as it can be shown", () => {
    expect(resolutionFor({ from: 0, to: 30 * DAY }, 1200)).toBe("hour");
    expect(resolutionFor(day, 1200)).toBe("minute");
    expect(resolutionFor({ from: 0, to: HOUR }, 1200)).toBe("clip");
    expect(tilesOf({ from: HOUR / 2, to: 2 * HOUR }, "clip")).toEqual([0, 1]);
  });
  it("has words at even hours of the store, and days at its midnights", () => {
    const hours = ticks(day, 1200, SEOUL);
    expect(hours.filter(({ form }) => form === "day").map((tick) => tick.at)).toEqual([
      at("2026-05-01T15:00:00Z"),
    ]);
    const month = ticks({ from: day.from, to: day.from + 30 * DAY }, 900, SEOUL);
    expect(month.every((tick) => midnight(SEOUL, tick.at) === tick.at)).toBe(true);
    expect(month.length).toBeLessThan(12);
  });
});
