import { describe, expect, it } from "vitest";
import { asked, yesterday } from "./stretch";

describe("what a replay is asked for", () => {
  const whole = yesterday(new Date(2026, 4, 2, 9, 30));

  it("is the last whole day at first", () => {
    expect([whole.since, whole.until]).toEqual(["2026-05-01T00:00", "2026-05-02T00:00"]);
    expect(asked(whole)?.since).toBe(new Date(2026, 4, 1).toISOString());
  });

  it("is nothing while it ends before it begins", () => {
    expect(asked({ ...whole, until: whole.since })).toBeNull();
    expect(asked({ ...whole, since: "" })).toBeNull();
  });

  it("names a store, a detector and a pace only where they are chosen", () => {
    expect(asked(whole)).toMatchObject({ detector: null, store_ids: [], windows_per_s: null });
    const chosen = { ...whole, storeId: "a", detector: "linear-1", rate: "500" };
    expect(asked(chosen)).toMatchObject({
      detector: "linear-1",
      store_ids: ["a"],
      windows_per_s: 500,
    });
  });
});
