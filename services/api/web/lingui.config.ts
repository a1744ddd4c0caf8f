import { defineConfig } from "@lingui/conf";
import { formatter } from "@lingui/format-po";

/** Rooms of src/pages; each has its own catalogue, which is loaded with the first of its pages. */
const ROOMS = ["cameras", "door", "models", "people", "review", "rules", "videos"];

export default defineConfig({
  sourceLocale: "en",
  locales: ["en", "ko"],
  format: formatter({ lineNumbers: false }),
  catalogs: [
    { path: "<rootDir>/src/i18n/shell-{locale}", include: ["src"], exclude: ["src/pages/**"] },
    ...ROOMS.map((room) => ({
      path: `<rootDir>/src/i18n/${room}-{locale}`,
      include: [`src/pages/${room}`],
    })),
  ],
});
