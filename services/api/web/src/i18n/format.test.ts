import { describe, expect, it } from "vitest";
import { clock, formats } from "./format";

describe("what a reader sees", () => {
  it.each([
    [0, false, "0:00"],
    [59.94, false, "0:59"],
    [3729, false, "1:02:09"],
    [9.96, true, "0:10.0"],
    [69.4, true, "1:09.4"],
    [-3, false, "0:00"],
  ])("shows %s s (tenths: %s) as %s", (seconds, tenths, shown) => {
    expect(clock(seconds, tenths)).toBe(shown);
  });

  it("tells durations in two units", () => {
    const { duration } = formats("en");
    expect(duration(0)).toBe("0 sec");
    expect(duration(3720)).toBe("1 hr 2 min");
    expect(duration(90_000)).toBe("1 day 1 hr");
    expect(formats("ko").duration(3720)).toBe("1시간 2분");
  });

  it("tells moments of a store in its own time zone", () => {
    const { minute, moment } = formats("en", "Asia/Seoul");
    expect(minute("2026-11-27T15:04:00Z")).toBe("00:04");
    expect(moment("2026-11-27T15:04:00Z")).toBe("Nov 28, 2026, 00:04");
  });

  it("tells how long ago something was", () => {
    const now = Date.parse("2026-11-27T12:00:00Z");
    expect(formats("en").ago("2026-11-27T11:57:00Z", now)).toBe("3 minutes ago");
    expect(formats("ko").ago("2026-11-27T11:57:00Z", now)).toBe("3분 전");
  });

  it("tells sizes and scores", () => {
    expect(formats("en").bytes(7_340_032)).toBe("7.3 MB");
    expect(formats("en").score(0.9)).toBe("0.90");
  });
});
