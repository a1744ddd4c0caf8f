// Which language the page speaks: the person's own, else what this browser chose before, else the
// browser's. Each room of pages/ has its own words, loaded with the first of its pages.

import { i18n, type Messages } from "@lingui/core";
import { learn } from "./said";

export type Language = "en" | "ko";
export type Room = "cameras" | "door" | "models" | "people" | "review" | "rules" | "videos";
export const LANGUAGES: Record<Language, string> = { en: "English", ko: "한국어" };
const KEPT = "nightclerk.language";

const catalogues = import.meta.glob<{ messages: Messages }>("./*.po");
const entered = new Set<Room | "shell">(["shell"]);
const loaded = new Set<string>();
let wanted: Language = "en";

/** From now on, in all rooms that were entered. */
export async function speak(language: Language): Promise<void> {
  wanted = language;
  await Promise.all([learn(language), ...[...entered].map((room) => load(room, language))]);
  if (wanted !== language) return;
  i18n.activate(language);
  document.documentElement.lang = language;
}

/** Loads a page with the words of its rooms: those whose parts it shows. */
export function spoken<Page>(page: () => Promise<Page>, ...rooms: Room[]): () => Promise<Page> {
  return async () => {
    for (const room of rooms) entered.add(room);
    const words = rooms.map((room) => load(room, wanted));
    const [module] = await Promise.all([page(), ...words]);
    return module;
  };
}

async function load(room: Room | "shell", language: Language): Promise<void> {
  const path = `./${room}-${language}.po`;
  const catalogue = await catalogues[path]?.();
  if (!catalogue || loaded.has(path)) return;
  loaded.add(path);
  i18n.load(language, catalogue.messages);
}

export function preferredLanguage(): Language {
  const kept = localStorage.getItem(KEPT);
  if (isLanguage(kept)) return kept;
  return navigator.languages.some((name) => name.startsWith("ko")) ? "ko" : "en";
}

export async function choose(language: Language): Promise<void> {
  localStorage.setItem(KEPT, language);
  await speak(language);
}

function isLanguage(name: string | null): name is Language {
  return name !== null && name in LANGUAGES;
}
