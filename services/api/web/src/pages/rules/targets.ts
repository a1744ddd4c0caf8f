// Targets in words, and what the form of one says as the API takes it.

import { useLingui } from "@lingui/react/macro";
import type { AlertFilterInput, TargetEntry, TargetView } from "@/api/client";
import { useFormat } from "@/i18n/format";
import { said } from "@/i18n/said";
import { type Week, weekOf } from "@/pages/people/hours/hours";
import { useWeekInWords } from "@/pages/people/hours/words";

export type Channel = TargetView["channel"];
export type Severity = AlertFilterInput["severities"][number];
export type Kind = AlertFilterInput["kinds"][number];

export const CHANNELS: Channel[] = ["email", "webhook", "slack", "mqtt", "webpush"];
export const SEVERITIES: Severity[] = ["info", "warning", "critical"];
export const KINDS: Kind[] = ["incident", "health"];
export const DELAYS_S = [0, 120, 300, 600, 900, 1800, 3600];
export const DIGESTS_S = [0, 300, 900, 3600, 86_400];
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
  const week = useWeekInWords();
  return ({ wants, pacing, after_s }) => {
    const wait = duration(after_s);
    const every = duration(pacing.digest_every_s ?? 0);
    const hours = weekOf(wants.hours);
    const zone = wants.time_zone ?? "";
    const listed = wants.severities.map((severity) => severities[severity]);
    return [
      listed.length ? listed.join(", ") : t`All severities`,
      ...wants.kinds.map((kind) => kinds[kind]),
      ...wants.labels.map(said),
      hours ? [...week(hours, null), zone].filter(Boolean).join(", ") : "",
      after_s ? t`If nobody has seen it after ${wait}` : "",
      pacing.digest_every_s ? t`Gathered every ${every}` : "",
    ].filter(Boolean);
  };
}

/** What the form says. `before` keeps what it has no field for. */
export function entryOf(
  form: FormData,
  channel: Channel,
  hours: Week | null,
  before?: TargetView,
): TargetEntry {
  const words = (name: string) => String(form.get(name) ?? "").trim();
  const listed = <T>(name: string) => form.getAll(name) as T[];
  const digest = Number(words("digest"));
  return {
    channel,
    name: words("name"),
    ...(words("address") && { address: words("address") }),
    store_id: words("store") || null,
    language: words("language") as "en" | "ko",
    wants: {
      store_ids: listed("stores"),
      source_ids: before?.wants.source_ids ?? [],
      kinds: listed<Kind>("kinds"),
      severities: listed<Severity>("severities"),
      labels: listed("labels"),
      hours,
      time_zone: words("zone") || null,
    },
    pacing: {
      most_per_hour: Number(words("most")) || 60,
      digest_every_s: digest || null,
    },
    after_s: Number(words("after")),
    is_enabled: true,
  } as TargetEntry;
}
