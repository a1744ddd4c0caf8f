// Targets in words, and what the form of one says as the API takes it.

import { useLingui } from "@lingui/react/macro";
import type { AlertFilterInput, TargetEntry, TargetView } from "@/api/client";
import { useFormat } from "@/i18n/format";

export type Channel = TargetView["channel"];
export type Severity = AlertFilterInput["severities"][number];
export type Kind = AlertFilterInput["kinds"][number];

export const CHANNELS: Channel[] = ["email", "webhook", "slack", "mqtt", "webpush"];
export const SEVERITIES: Severity[] = ["info", "warning", "critical"];
export const KINDS: Kind[] = ["incident", "health"];
export const DELAYS_S = [0, 120, 300, 600, 900, 1800, 3600];
export const DIGESTS_S = [0, 300, 900, 3600, 86_400];
const DAYS = [
  "monday",
  "tuesday",
  "wednesday",
  "thursday",
  "friday",
  "saturday",
  "sunday",
] as const;

export function useChannelWords(): Record<Channel, string> {
  const { t } = useLingui();
  return {
    email: t`E-mail`,
    webhook: t`Webhook`,
    slack: t`Slack, or what takes its messages`,
    mqtt: t`MQTT`,
    webpush: t`Notifications of this browser`,
  };
}

export function useSeverityWords(): Record<Severity, string> {
  const { t } = useLingui();
  return { info: t`Info`, warning: t`Warning`, critical: t`Critical` };
}

export function useKindWords(): Record<Kind, string> {
  const { t } = useLingui();
  return { incident: t`Incidents`, health: t`Health of cameras` };
}

/** What a target hears of and when, in a few words each. */
export function useSummary(): (target: TargetView) => string[] {
  const { t } = useLingui();
  const { duration } = useFormat();
  const severities = useSeverityWords();
  const kinds = useKindWords();
  return ({ wants, pacing, after_s }) => {
    const wait = duration(after_s);
    const every = duration(pacing.digest_every_s ?? 0);
    const listed = wants.severities.map((severity) => severities[severity]);
    return [
      listed.length ? listed.join(", ") : t`All severities`,
      ...wants.kinds.map((kind) => kinds[kind]),
      wants.hours ? t`At certain hours` : "",
      after_s ? t`If nobody has seen it after ${wait}` : "",
      pacing.digest_every_s ? t`Gathered every ${every}` : "",
    ].filter(Boolean);
  };
}

/** The hours of a filter where all days have the same span; null: at all hours. */
export function dailySpan(
  wants: AlertFilterInput,
): { start: string; end: string } | null | "mixed" {
  const { hours } = wants;
  if (!hours) return null;
  const spans = DAYS.map((day) => JSON.stringify(hours[day]));
  const [first] = hours.monday ?? [];
  if (!first || hours.monday?.length !== 1 || new Set(spans).size !== 1) return "mixed";
  return first;
}

/** What the form says. `before` keeps what it has no field for. */
export function entryOf(form: FormData, channel: Channel, before?: TargetView): TargetEntry {
  const words = (name: string) => String(form.get(name) ?? "").trim();
  const listed = <T>(name: string) => form.getAll(name) as T[];
  const digest = Number(words("digest"));
  const span = { start: words("start"), end: words("end") };
  const mixed = before && dailySpan(before.wants) === "mixed" && words("start") === "";
  const hours =
    form.has("timed") && span.start && span.end
      ? Object.fromEntries(DAYS.map((day) => [day, [span]]))
      : null;
  return {
    channel,
    name: words("name"),
    address: words("address"),
    store_id: words("store") || null,
    language: words("language") as "en" | "ko",
    wants: {
      store_ids: listed("stores"),
      source_ids: before?.wants.source_ids ?? [],
      kinds: listed<Kind>("kinds"),
      severities: listed<Severity>("severities"),
      labels: before?.wants.labels ?? [],
      hours: mixed && form.has("timed") ? before.wants.hours : hours,
      time_zone: words("zone") || "UTC",
    },
    pacing: {
      most_per_hour: Number(words("most")) || 60,
      digest_every_s: digest || null,
    },
    after_s: Number(words("after")),
    is_enabled: true,
  } as TargetEntry;
}
