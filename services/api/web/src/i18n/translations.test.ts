import { globSync, readFileSync } from "node:fs";
import { formatter } from "@lingui/format-po";
import { expect, it } from "vitest";

/** What a catalogue has: by id its message and translation. */
async function catalogue(path: string) {
  const text = readFileSync(path, "utf-8");
  return formatter().parse(text, { locale: "ko", sourceLocale: "en", filename: path });
}

const placeholders = (text: string) =>
  [...text.matchAll(/\{(\w+)/g)]
    .map(([, name]) => name)
    .sort()
    .join();

it.each(globSync("src/i18n/*-ko.po"))(
  "has a Korean translation of every message in %s, with the same values in it",
  async (path) => {
    const wrong = Object.values(await catalogue(path)).filter(
      ({ message = "", translation = "" }) =>
        !translation || placeholders(message) !== placeholders(translation),
    );
    expect(wrong.map(({ message }) => message)).toEqual([]);
  },
);

it("has one Korean word for a message, whichever room's words are loaded last", async () => {
  const all = await Promise.all(globSync("src/i18n/*-ko.po").map(catalogue));
  const words = new Map<string, string | undefined>();
  const twofold = all.flatMap(Object.entries).filter(([id, { translation }]) => {
    const before = words.get(id);
    words.set(id, translation);
    return before !== undefined && before !== translation;
  });
  expect(twofold.map(([, { message, translation }]) => [message, translation])).toEqual([]);
});

it.each(globSync("src/pages/*/"))(
  "loads with the pages of %s the words of all rooms they take parts of",
  (room) => {
    const sources = globSync(`${room}/**/*.{ts,tsx}`).map((path) => readFileSync(path, "utf-8"));
    const others = sources.flatMap((text) => [...text.matchAll(/from "@\/pages\/(\w+)\//g)]);
    const routes = readFileSync(`${room}/routes.ts`, "utf-8");
    const pages = [...routes.matchAll(/spoken\(.+?\), ([^()]+)\)/g)].map(
      ([, rooms]) => rooms ?? "",
    );
    const own = room.replace(/.*\//, "");
    for (const name of [own, ...others.map(([, name]) => name)])
      expect(pages.filter((rooms) => !rooms.includes(`"${name}"`))).toEqual([]);
  },
);
