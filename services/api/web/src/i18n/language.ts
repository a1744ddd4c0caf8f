// Which language the page speaks: the person's own, else what this browser chose before, else the
// browser's. Catalogues are loaded one at a time.

import { i18n, type Messages } from "@lingui/core";

export type Language = "en" | "ko";
export const LANGUAGES: Record<Language, string> = { en: "English", ko: "한국어" };
const KEPT = "nightclerk.language";

const CATALOGUES: Record<Language, () => Promise<{ messages: Messages }>> = {
  en: () => import("./en.po"),
  ko: () => import("./ko.po"),
};

export async function speak(language: Language): Promise<void> {
  const { messages } = await CATALOGUES[language]();
  i18n.loadAndActivate({ locale: language, messages });
  document.documentElement.lang = language;
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
