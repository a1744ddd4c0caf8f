import { expect, it } from "vitest";
import { evened } from "./enhance";

it("spreads a dull picture over all of the range and shifts no colour", () => {
  const dull = new Uint8ClampedArray(
    Array.from({ length: 200 }, (_, pixel) => [
      60 + (pixel % 40),
      60 + (pixel % 40),
      60 + (pixel % 40),
      255,
    ]).flat(),
  );
  evened(dull);
  const lights = dull.filter((_, index) => index % 4 === 0);
  expect([Math.min(...lights), Math.max(...lights)]).toEqual([0, 255]);
  expect(dull.every((value, index) => index % 4 === 3 || value === dull[index - (index % 4)])).toBe(
    true,
  );
});

it("leaves a picture of one tone alone", () => {
  const flat = new Uint8ClampedArray([90, 90, 90, 255]);
  evened(flat);
  expect([...flat]).toEqual([90, 90, 90, 255]);
});
