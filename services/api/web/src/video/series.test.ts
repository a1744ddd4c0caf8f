import { describe, expect, it } from "vitest";
import type { HeadView } from "@/api/client";
import { highest, isHigh, linesOf, type Step, scoresAt, stepsOf } from "./series";

const HEAD: HeadView = {
  rule: "fight",
  label: "Possible fight",
  head: "linear",
  model_id: "linear/1",
  detector: "test",
  backbone: "i3d_k400",
  high_mark: 0.6,
};
const TWO = [HEAD, { ...HEAD, rule: "fall", label: "Possible fall", high_mark: 0.3 }];

function clips(...scores: number[]): Step[] {
  return scores.map((calibrated, index) => ({ start_s: index, end_s: index + 1, calibrated }));
}

describe("what a timeline is drawn as", () => {
  it("has clips as they are, and steps without those that nothing was scored in", () => {
    const whole = { clips: [], maxima: null, origin_at: "2026-05-01T22:00:00Z" };
    expect(stepsOf(whole)).toEqual([]);
    const maxima = {
      at: "2026-05-01T22:01:00Z",
      step_s: 60,
      heads: [{ rule: "fight", calibrated: [0.2, null, 0.9] }],
    };
    expect(
      stepsOf({ ...whole, maxima }).map(({ start_s, calibrated }) => [start_s, calibrated]),
    ).toEqual([
      [60, 0.2],
      [180, 0.9],
    ]);
  });

  it("has a line a head, each with what its own head gave", () => {
    const heads = [
      { rule: "fight", score: 1, calibrated: 0.7 },
      { rule: "fall", score: 1, calibrated: 0.2 },
    ];
    const lines = linesOf([{ start_s: 0, end_s: 1, calibrated: 0.7, heads }], TWO);
    expect(lines.map((line) => line.points.map((point) => point.score))).toEqual([[0.7], [0.2]]);
    expect(new Set(lines.map((line) => line.colour)).size).toBe(2);
  });

  it("counts a step by the mark of the head that gave the score", () => {
    const heads = [
      { rule: "fight", score: 1, calibrated: 0.5 },
      { rule: "fall", score: 1, calibrated: 0.4 },
    ];
    expect(isHigh({ start_s: 0, end_s: 1, calibrated: 0.5, heads }, TWO)).toBe(true);
    expect(isHigh({ start_s: 0, end_s: 1, calibrated: 0.5 }, [HEAD])).toBe(false);
  });

  it("tells the score of a moment, and nothing of a gap", () => {
    const steps = [...clips(0.1, 0.2), { start_s: 9, end_s: 10, calibrated: 0.9 }];
    const lines = linesOf(steps, [HEAD]);
    expect([0.5, 1, 5, 9.5, 12].map((seconds) => scoresAt(lines, seconds)[0])).toEqual([
      0.1,
      0.2,
      null,
      0.9,
      null,
    ]);
  });
});

describe("the highest moments", () => {
  it("are peaks, apart from one another, in order of time", () => {
    const found = highest(clips(0.1, 0.8, 0.3, 0.9, 0.2, 0.1, 0.1, 0.1, 0.7, 0.2), 12, 5);
    expect(found.map((step) => step.start_s)).toEqual([3, 8]);
  });

  it("are no more than asked for", () => {
    expect(highest(clips(0.5, 0.1, 0.6, 0.1, 0.7), 2, 1).map((step) => step.start_s)).toEqual([
      2, 4,
    ]);
  });
});
