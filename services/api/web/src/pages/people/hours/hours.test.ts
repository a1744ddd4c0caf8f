import { describe, expect, it } from "vitest";
import { DAYS, endsNextDay, everyDay, isWholeDay, runs, timeZones, week } from "./hours";

const NINE_TO_SIX = { start: "09:00", end: "18:00" };

describe("hours of a week", () => {
  it("are told together where days are alike", () => {
    const hours = week((day) => (day === "sunday" ? [] : [NINE_TO_SIX]));
    expect(runs(hours)).toEqual([
      { first: "monday", last: "saturday", spans: [NINE_TO_SIX] },
      { first: "sunday", last: "sunday", spans: [] },
    ]);
  });

  it("are seven days, each with spans of its own", () => {
    const hours = everyDay([NINE_TO_SIX]);
    expect(Object.keys(hours)).toEqual(DAYS);
    expect(hours.monday[0]).not.toBe(hours.tuesday[0]);
  });
});

describe("a span", () => {
  it.each([
    ["00:00", "00:00", true, false],
    ["22:00", "06:00", false, true],
    ["18:00", "00:00", false, false],
    ["09:00", "18:00", false, false],
    ["09:00", "09:00", false, true],
  ])("from %s to %s: whole day %s, next day %s", (start, end, whole, next) => {
    expect([isWholeDay({ start, end }), endsNextDay({ start, end })]).toEqual([whole, next]);
  });
});

it("names each time zone once", () => {
  const names = timeZones();
  expect(names).toContain("Asia/Seoul");
  expect(new Set(names).size).toBe(names.length);
});
