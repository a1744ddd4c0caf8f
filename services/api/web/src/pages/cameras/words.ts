// The words for how cameras are, and what may be wrong with them.

import { useLingui } from "@lingui/react/macro";
import { useMemo } from "react";
import type { AlertView, CameraView, ConditionView } from "@/api/client";

export type CameraState = CameraView["state"];
export type Condition = ConditionView["condition"];
export type Tone = "good" | "bad" | "warn" | "busy" | "plain";

export const TONES: Record<CameraState, Tone> = {
  online: "good",
  offline: "bad",
  paused: "plain",
  starting: "busy",
};

export const ALERT_TONES: Record<AlertView["severity"], Tone> = {
  critical: "bad",
  warning: "warn",
  info: "plain",
};

export function useWords() {
  const { t, i18n } = useLingui();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the words change with the language alone
  return useMemo(() => {
    const states: Record<CameraState, string> = {
      online: t`Online`,
      offline: t`Offline`,
      paused: t`Paused`,
      starting: t`Starting`,
    };
    const conditions: Record<Condition, string> = {
      offline: t`No picture`,
      frozen: t`Frozen picture`,
      dark: t`Dark`,
      covered: t`Covered`,
      blurred: t`Blurred`,
      moved: t`Camera moved`,
      clock_stepped: t`Clock was set`,
      still: t`Nothing moves`,
      overloaded: t`Overloaded`,
      clips_dropped: t`Clips dropped`,
      not_recorded: t`Not recorded`,
      calibration_drift: t`Calibration drifted`,
    };
    return { states, conditions };
  }, [i18n.locale]);
}
