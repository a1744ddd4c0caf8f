// Tokens as canvases want them: a custom property keeps `light-dark(…)` as it was written, so the
// browser has to resolve it as the colour of something.

import { useSyncExternalStore } from "react";

export type Colours<Name extends string> = Record<Name, string>;

/** The colours that tokens (without dashes) have now at an element. */
export function colours<Name extends string>(
  element: Element,
  ...names: readonly Name[]
): Colours<Name> {
  const probe = document.createElement("span");
  probe.hidden = true;
  element.ownerDocument.body.append(probe);
  const found = names.map((name) => {
    probe.style.color = `var(--${name})`;
    return [name, getComputedStyle(probe).color];
  });
  probe.remove();
  return Object.fromEntries(found);
}

/** Another number whenever the theme changes, by choice or with the system. */
export function useThemeTurn(): string {
  return useSyncExternalStore(subscribe, () => {
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    return `${document.documentElement.dataset.theme ?? "system"} ${dark}`;
  });
}

function subscribe(listener: () => void): () => void {
  const observer = new MutationObserver(listener);
  observer.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  const system = matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", listener);
  return () => {
    observer.disconnect();
    system.removeEventListener("change", listener);
  };
}
