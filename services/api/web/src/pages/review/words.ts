// What the API says in one word, in the reader's.

import { useLingui } from "@lingui/react/macro";
import type { Raiser } from "@/api/alerts";
import type { AlertView } from "@/api/client";
import type { Tone } from "@/ui/layout";

type Severity = AlertView["severity"];

export const TONES: Record<Severity, Tone> = { info: "plain", warning: "warn", critical: "bad" };

export function useWords() {
  const { t } = useLingui();
  const severities: Record<Severity, string> = {
    info: t`Info`,
    warning: t`Warning`,
    critical: t`Critical`,
  };
  const states: Record<string, string> = {
    online: t`Online`,
    offline: t`Offline`,
    paused: t`Paused`,
    starting: t`Starting`,
    open: t`Open`,
    closed: t`Closed`,
  };
  const verdicts: Record<string, string> = { true: t`True alarm`, false: t`False alarm` };
  const reasons: Record<string, string> = {
    subsided: t`It subsided`,
    source_ended: t`The video ended`,
    source_silent: t`Nothing came any more`,
    new_life: t`The camera began again`,
    replaced: t`Another model took over`,
    recovered: t`It recovered`,
  };
  const conditions: Record<string, string> = {
    offline: t`Offline`,
    frozen: t`Picture frozen`,
    dark: t`Picture dark`,
    covered: t`Covered`,
    blurred: t`Blurred`,
    moved: t`Camera moved`,
    clock_stepped: t`Clock stepped`,
    still: t`Nothing moves`,
    overloaded: t`Overloaded`,
    clips_dropped: t`Clips dropped`,
    not_recorded: t`Not recorded`,
    calibration_drift: t`Calibration drifted`,
  };
  const raisers: Record<Raiser, string> = {
    model: t`The model's scores`,
    presence: t`People in the picture`,
    health: t`The camera's state`,
  };
  const actions: Record<string, string> = {
    acknowledged: t`acknowledged it`,
    unacknowledged: t`took the acknowledgement back`,
    assigned: t`assigned it`,
    unassigned: t`assigned it to nobody`,
    judged: t`judged it`,
    unjudged: t`took the verdict back`,
    undone: t`undid the latest change`,
  };
  const outcomes: Record<string, string> = {
    delivered: t`Delivered`,
    retrying: t`Tried again`,
    failed: t`Failed`,
  };
  const channels: Record<string, string> = {
    email: t`E-mail`,
    webhook: t`Webhook`,
    slack: "Slack",
    mqtt: "MQTT",
    webpush: t`Browser`,
  };
  return {
    severities,
    states,
    verdicts,
    reasons,
    conditions,
    raisers,
    actions,
    outcomes,
    channels,
  };
}
