// Models in words.

import { useLingui } from "@lingui/react/macro";
import { useFormat } from "@/i18n/format";
import type { Tone } from "@/ui/layout";
import { type Change, type Detector, type Interval, useDetectors } from "./reading";

/** No line breaks at it. */
const DASH = "\u2060–\u2060";

export const TONES: Record<Detector["state"], Tone> = {
  active: "good",
  shadow: "busy",
  candidate: "plain",
  retired: "plain",
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

/** The same of a detector that only its id names; the id while its name is not known. */
export function useTitles(): (detector: string) => string {
  const all = useDetectors();
  return (detector) => {
    const found = all.find((each) => each.detector === detector);
    return found ? titled(found) : detector;
  };
}

/** A run by what judged in it: `live` is whatever was. */
export function useRunName(): (side: { run: string; detector: string | null }) => string {
  const { t } = useLingui();
  const title = useTitles();
  return ({ run, detector }) => {
    if (run === "live") return t`Live`;
    return detector ? detector.split(", ").map(title).join(", ") : run;
  };
}

/** 0.5 (0.2–0.9): a figure and between what it lies. */
export function useInterval(): (
  interval: Interval | null | undefined,
  form?: "rate" | "percent" | "score",
) => string {
  const { t } = useLingui();
  const format = useFormat();
  return (interval, form = "rate") => {
    if (interval?.value == null) return t`not known yet`;
    const shown = format[form];
    const { value, low, high } = interval;
    return `${shown(value)} (${shown(low)}${DASH}${high == null ? "…" : shown(high)})`;
  };
}
