import { describe, expect, it } from "vitest";
import { alertQuery, alertSearch, isFiltered, queueSearch } from "./search";

const STORE = "7c9e6679-7425-50de-944b-e07fc1f90ae7";
const NOW = Date.parse("2026-06-01T00:00:42Z");

describe("what an address filters by", () => {
  it("keeps what the API takes", () => {
    const given = { store_id: STORE, severity: "critical", verdict: "none", min_score: 0.7 };
    expect(alertSearch(given)).toEqual(given);
  });

  it("reads a verdict that the router took for a boolean", () => {
    expect(alertSearch({ verdict: false }).verdict).toBe("false");
  });

  it("passes over nonsense", () => {
    const nonsense = { store_id: "'", severity: "dire", min_score: "x", since: "noon", label: " " };
    expect(alertSearch(nonsense)).toEqual({});
    expect(isFiltered(alertSearch(nonsense))).toBe(false);
    expect(queueSearch({ incident: 7 })).toEqual({});
  });

  it("counts days back from a full minute", () => {
    expect(alertQuery({ days: 7 }, NOW).since).toBe("2026-05-25T00:00:00.000Z");
    expect(alertQuery({ days: 7 }, NOW + 10_000)).toEqual(alertQuery({ days: 7 }, NOW));
  });

  it("asks for what was or was not seen", () => {
    expect(alertQuery({ seen: "no" }, NOW)).toEqual({ acknowledged: false });
    expect(alertQuery({}, NOW)).toEqual({});
  });
});
