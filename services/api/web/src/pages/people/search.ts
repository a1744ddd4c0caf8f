/** Of which store the settings are shown; without one, of the chain. */
export type SettingsSearch = { store?: string };

export function settingsSearch({ store }: Record<string, unknown>): SettingsSearch {
  return typeof store === "string" && store !== "" ? { store } : {};
}

const FIELDS = ["action", "actor", "since", "until"] as const;

/** What of the audit log is looked for, as it stands in the address of its page. */
export type AuditSearch = { [field in (typeof FIELDS)[number]]?: string };

export function auditSearch(search: Record<string, unknown>): AuditSearch {
  return Object.fromEntries(
    FIELDS.map((name) => [name, search[name]]).filter(
      ([, value]) => typeof value === "string" && value !== "",
    ),
  );
}
