import { describe, expect, it, vi } from "vitest";
import type { TimelineView } from "@/api/client";
import { type Source, Tiles, tileOf } from "./tiles";
import { HOUR, MINUTE } from "./view";

const HEAD = {
  rule: "fight",
  label: "Possible fight",
  head: "linear",
  model_id: "m",
  detector: "d",
  backbone: "b",
  high_mark: 0.6,
};
const EMPTY = { clips: [], maxima: null, heads: [HEAD], alerts: [], conditions: [] };

function clip(at: number, calibrated: number) {
  const start_s = at / 1000;
  const end_s = start_s + 16 / 15;
  return { index: 0, at: new Date(at).toISOString(), start_s, end_s, score: 0, calibrated };
}

describe("a tile", () => {
  it("keeps gaps, and the highest score of each second", () => {
    const { top, mark } = tileOf({ ...EMPTY, clips: [clip(0, 0.2), clip(1067, 0.8)] }, 0, "clip");
    expect([...top.slice(0, 4)].map((score) => Number(score.toFixed(2)))).toEqual([
      0.2,
      0.8,
      0.8,
      Number.NaN,
    ]);
    expect(mark).toBe(0.6);
  });
  it("takes the highest head of each step", () => {
    const maxima = {
      at: new Date(2 * MINUTE).toISOString(),
      step_s: 60,
      heads: [
        { rule: "fight", calibrated: [0.1, null] },
        { rule: "fall", calibrated: [0.3, null] },
      ],
    };
    const { top } = tileOf({ ...EMPTY, maxima }, 0, "minute");
    expect(top[2]).toBeCloseTo(0.3);
    expect(top[3]).toBeNaN();
  });
});

describe("tiles", () => {
  const asked: string[] = [];
  const source: Source = {
    async timeline(sourceId, { from }, resolution) {
      asked.push(`${sourceId} ${resolution} ${from}`);
      if (sourceId === "gone") throw new Error("no");
      return { ...EMPTY, source_id: sourceId } as unknown as TimelineView;
    },
    recordings: async () => [],
  };
  const view = { from: 0, to: HOUR };

  it("are asked for once, of what is in view", async () => {
    asked.length = 0;
    const tiles = new Tiles(source, () => {});
    for (let turn = 0; turn < 3; turn += 1) tiles.want(["a", "b"], view, 1200, null);
    await vi.waitFor(() => expect(tiles.isReading).toBe(false));
    tiles.want(["a", "b"], view, 1200, null);
    expect(asked.toSorted()).toEqual(["a clip 0", "b clip 0"]);
  });
  it("grow with what comes, and are read anew where something happened", async () => {
    asked.length = 0;
    const tiles = new Tiles(source, () => {});
    tiles.want(["a"], view, 1200, null);
    await vi.waitFor(() => expect(tiles.isReading).toBe(false));
    tiles.take("a", 2000, 3067, 0.9);
    expect(tiles.tile("a", "clip", 0)?.top[3]).toBeCloseTo(0.9);
    tiles.outdate("a", 5000);
    tiles.want(["a"], view, 1200, null);
    await vi.waitFor(() => expect(tiles.isReading).toBe(false));
    expect(asked).toHaveLength(2);
  });
  it("that fail are not asked for again and again", async () => {
    asked.length = 0;
    const tiles = new Tiles(source, () => {});
    tiles.want(["gone"], view, 1200, null);
    await vi.waitFor(() => expect(tiles.isReading).toBe(false));
    tiles.want(["gone"], view, 1200, null);
    expect(asked).toHaveLength(1);
    tiles.retry();
    tiles.want(["gone"], view, 1200, null);
    expect(asked).toHaveLength(2);
  });
});
