import { readFileSync } from "node:fs";
import { formatter } from "@lingui/format-po";
import { expect, it } from "vitest";

/** What a catalogue has: by id its message and translation. */
async function catalogue(locale: string) {
  const text = readFileSync(`src/i18n/${locale}.po`, "utf-8");
  return formatter().parse(text, { locale, sourceLocale: "en", filename: `${locale}.po` });
}

const placeholders = (text: string) =>
  [...text.matchAll(/\{(\w+)/g)]
    .map(([, name]) => name)
    .sort()
    .join();

it("has a Korean translation of every message, with the same values in it", async () => {
  const wrong = Object.values(await catalogue("ko")).filter(
    ({ message = "", translation = "" }) =>
      !translation || placeholders(message) !== placeholders(translation),
  );
  expect(wrong.map(({ message }) => message)).toEqual([]);
});
