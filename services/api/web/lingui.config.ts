import { defineConfig } from "@lingui/conf";
import { formatter } from "@lingui/format-po";

export default defineConfig({
  sourceLocale: "en",
  locales: ["en", "ko"],
  format: formatter({ lineNumbers: false }),
  catalogs: [{ path: "<rootDir>/src/i18n/{locale}", include: ["src"] }],
});
