// Models in words.

import { useLingui } from "@lingui/react/macro";
import { useFormat } from "@/i18n/format";
import type { Tone } from "@/ui/layout";
import type { Change, Detector, Interval } from "./reading";

export const TONES: Record<Detector["state"], Tone> = {
  active: "good",
  shadow: "busy",
  candidate: "plain",
  retired: "warn",
};

export function useModelStates(): Record<Detector["state"], string> {
  const { t } = useLingui();
  return {
    active: t`Live`,
    shadow: t`Looking on`,
    candidate: t`Candidate`,
    retired: t`Retired`,
  };
}

export function useActions(): Record<Change["action"], string> {
  const { t } = useLingui();
  return {
    promoted: t`Made live`,
    rolled_back: t`Rolled back`,
    shadow_added: t`Looks on`,
    shadow_removed: t`Looks on no more`,
  };
}

/** A name and its version as people say it. */
export function titled({ name, version }: { name: string; version: number }): string {
  return version ? `${name} v${version}` : name;
}

/** 0.5 (0.2–0.9): a figure and between what it lies. */
export function useInterval(): (interval: Interval | null | undefined, share?: boolean) => string {
  const { t } = useLingui();
  const format = useFormat();
  return (interval, share = false) => {
    if (interval?.value == null) return t`not known yet`;
    const shown = share ? format.percent : format.number;
    const { value, low, high } = interval;
    return `${shown(value)} (${shown(low)}–${high == null ? "…" : shown(high)})`;
  };
}
