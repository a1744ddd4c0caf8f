// Keys of a whole page, wherever the focus is but where somebody types.

import { useEffectEvent, useLayoutEffect } from "react";

export type Deeds = Partial<Record<string, () => unknown>>;

const TYPING = new Set(["TEXTAREA", "SELECT"]);

/** Names as `KeyboardEvent.key`; letters small, with `Shift+` before those that want it. */
export function keyOf(event: KeyboardEvent): string | null {
  if (event.altKey || event.ctrlKey || event.metaKey) return null;
  if (!/^[a-z]$/i.test(event.key)) return event.key;
  return (event.shiftKey ? "Shift+" : "") + event.key.toLowerCase();
}

export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (TYPING.has(target.tagName) || target.isContentEditable) return true;
  return target instanceof HTMLInputElement && target.type !== "range";
}

/** The keys of a page's arrows. */
export function arrows(deeds: Record<"up" | "down" | "left" | "right", () => unknown>): Deeds {
  return Object.fromEntries(
    Object.entries(deeds).map(([side, deed]) => [
      `Arrow${side.charAt(0).toUpperCase()}${side.slice(1)}`,
      deed,
    ]),
  );
}

/** Heard before whatever has the focus, so that a key means the same anywhere on the page. */
export function useKeys(deeds: Deeds): void {
  const heed = useEffectEvent((event: KeyboardEvent) => {
    const key = keyOf(event);
    const deed = key === null ? undefined : deeds[key];
    if (!deed || event.repeat || isTyping(event.target)) return;
    const target = event.target instanceof Element ? event.target : null;
    if (target?.closest("[role=dialog], [role=menu]")) return;
    if (key === " " && target?.closest("button:not([data-row]), a, summary")) return;
    event.preventDefault();
    event.stopPropagation();
    deed();
  });
  // With the page's first paint: whoever sees it may press a key.
  useLayoutEffect(() => {
    const hear = (event: KeyboardEvent) => heed(event);
    window.addEventListener("keydown", hear, true);
    return () => window.removeEventListener("keydown", hear, true);
  }, []);
}
