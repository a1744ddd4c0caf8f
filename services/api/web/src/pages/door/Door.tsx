// What stands around every page that needs no login.

import { useLingui } from "@lingui/react/macro";
import { type ReactNode, useEffect } from "react";
import { choose, LANGUAGES, type Language } from "@/i18n/language";
import css from "./door.module.css";

export function Door({ title, children }: { title: string; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Nightclerk`;
  }, [title]);
  return (
    <div className={css.door}>
      <main className={css.card}>
        <img src="/icon.svg" alt="" width="48" height="48" />
        <h1>{title}</h1>
        {children}
      </main>
      <LanguageChoice />
    </div>
  );
}

function LanguageChoice() {
  const { t, i18n } = useLingui();
  return (
    <select
      className={css.language}
      aria-label={t`Language`}
      value={i18n.locale}
      onChange={(event) => choose(event.target.value as Language)}
    >
      {Object.entries(LANGUAGES).map(([language, name]) => (
        <option key={language} value={language} lang={language}>
          {name}
        </option>
      ))}
    </select>
  );
}
