import { describe, expect, it } from "vitest";
import { isTyping, keyOf } from "./keys";

const pressed = (key: string, options: KeyboardEventInit = {}) =>
  new KeyboardEvent("keydown", { key, ...options });

describe("keys of a page", () => {
  it("names letters small, and says when they were shifted", () => {
    expect(keyOf(pressed("T"))).toBe("t");
    expect(keyOf(pressed("A", { shiftKey: true }))).toBe("Shift+a");
    expect(keyOf(pressed("?", { shiftKey: true }))).toBe("?");
  });

  it("leaves the browser's own to the browser", () => {
    expect(keyOf(pressed("r", { ctrlKey: true }))).toBe(null);
  });

  it("knows where somebody types", () => {
    const range = document.createElement("input");
    range.type = "range";
    expect(isTyping(document.createElement("textarea"))).toBe(true);
    expect(isTyping(document.createElement("input"))).toBe(true);
    expect(isTyping(range)).toBe(false);
    expect(isTyping(document.body)).toBe(false);
  });
});
