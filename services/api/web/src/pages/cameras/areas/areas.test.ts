import { describe, expect, it } from "vitest";
import {
  type Area,
  areasOf,
  bodyOf,
  freeName,
  nudged,
  type Point,
  unnamed,
  withCorner,
  withMiddle,
  withoutCorner,
} from "./areas";

const TRIANGLE: Point[] = [
  [0.1, 0.1],
  [0.4, 0.1],
  [0.4, 0.4],
];
const zone = (name: string, key = 0): Area => ({ key, kind: "zone", name, points: TRIANGLE });

describe("areas", () => {
  it("go to the API as they came from it", () => {
    const camera = { masks: [TRIANGLE], zones: [{ name: "till", polygon: TRIANGLE }] };
    expect(bodyOf(areasOf(camera))).toEqual(camera);
  });
  it("never leave the picture", () => {
    expect(withCorner(zone("a"), 0, [1.2, -3]).points[0]).toEqual([1, 0]);
    expect(nudged([0, 0.5], "ArrowLeft", true)).toEqual([0, 0.5]);
    expect(nudged([0, 0.5], "a", false)).toBeNull();
  });
  it("keep three corners at least", () => {
    expect(withoutCorner(zone("a"), 1)).toBeNull();
    const four = withMiddle(zone("a"), 2);
    expect(four.points).toHaveLength(4);
    expect(four.points[3]?.map((share) => share.toFixed(2))).toEqual(["0.25", "0.25"]);
    expect(withoutCorner(four, 3)?.points).toEqual(TRIANGLE);
  });
  it("have names of their own", () => {
    expect(freeName("Zone", [zone("Zone 1"), zone("Zone 3")])).toBe("Zone 2");
    expect([...unnamed([zone("a", 1), zone("a ", 2), zone("", 3), zone("b", 4)])]).toEqual([
      1, 2, 3,
    ]);
  });
});
