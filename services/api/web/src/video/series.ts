// A timeline of the API as what is drawn: a line a head, bands of alerts, and the highest moments.

import type { AlertView, ClipView, HeadView, TimelineView } from "@/api/client";
import { said } from "@/i18n/said";

/** A stretch of time with one score a head; a clip, or a step of a zoomed-out timeline. */
export type Step = Pick<ClipView, "start_s" | "end_s" | "calibrated" | "heads">;

/** One head's calibrated scores. `colour` is the name of a token. */
export type Line = {
  rule: string;
  label: string;
  mark: number | null;
  colour: string;
  points: { start_s: number; end_s: number; score: number }[];
};

/** A stretch that stands out; alerts in the colour of the head that raised them. */
export type Band = { start_s: number; end_s: number; rule: string };

const COLOURS = ["curve", "violet", "good", "rose"];

/** Whatever the resolution, in the shape of clips; seconds count from the source's origin. */
export function stepsOf(timeline: Pick<TimelineView, "clips" | "maxima" | "origin_at">): Step[] {
  const { clips, maxima, origin_at } = timeline;
  if (!maxima) return clips;
  const first = (Date.parse(maxima.at) - Date.parse(origin_at)) / 1000;
  const count = Math.max(0, ...maxima.heads.map((head) => head.calibrated.length));
  const steps: Step[] = [];
  for (let index = 0; index < count; index += 1) {
    const heads = maxima.heads.flatMap(({ rule, calibrated }) => {
      const score = calibrated[index];
      return score == null ? [] : [{ rule, score, calibrated: score }];
    });
    if (!heads.length) continue;
    const start = first + index * maxima.step_s;
    const top = Math.max(...heads.map((head) => head.calibrated));
    const end_s = start + maxima.step_s;
    steps.push({ start_s: Math.max(0, start), end_s, heads, calibrated: top });
  }
  return steps;
}

/** One line a head, in the order of `heads`. */
export function linesOf(steps: Step[], heads: HeadView[]): Line[] {
  return heads.map(({ rule, label, high_mark }, number) => ({
    rule,
    label: said(label),
    mark: high_mark ?? null,
    colour: COLOURS[number % COLOURS.length] ?? "curve",
    points: steps.flatMap(({ start_s, end_s, ...step }) => {
      const score = scoreOf(step, rule, heads.length);
      return score === null ? [] : [{ start_s, end_s, score }];
    }),
  }));
}

export function bandsOf(alerts: AlertView[]): Band[] {
  return alerts.map(({ start_s, end_s, rule }) => ({ start_s, end_s, rule }));
}

function scoreOf(
  step: Pick<Step, "calibrated" | "heads">,
  rule: string,
  count: number,
): number | null {
  const own = step.heads?.find((head) => head.rule === rule)?.calibrated;
  return own ?? (count === 1 || !step.heads ? step.calibrated : null);
}

/** The highest steps, in order of time: peaks, none within `apartS` seconds of a higher one. */
export function highest(steps: Step[], most = 12, apartS = 5): Step[] {
  const score = (index: number) => steps[index]?.calibrated ?? -1;
  const peaks = steps.filter(
    (_, index) => score(index) >= score(index - 1) && score(index) >= score(index + 1),
  );
  const chosen: Step[] = [];
  for (const step of peaks.sort((a, b) => b.calibrated - a.calibrated)) {
    if (chosen.length === most) break;
    if (chosen.every((other) => Math.abs(other.start_s - step.start_s) >= apartS))
      chosen.push(step);
  }
  return chosen.sort((a, b) => a.start_s - b.start_s);
}

/** Whether any head counts the step, by its own mark. */
export function isHigh(step: Step, heads: HeadView[]): boolean {
  return heads.some(({ rule, high_mark }) => {
    const score = scoreOf(step, rule, heads.length);
    return score !== null && high_mark != null && score >= high_mark;
  });
}

/** What each line has at a moment; null between clips. */
export function scoresAt(lines: Line[], seconds: number): (number | null)[] {
  return lines.map(({ points }) => {
    let low = 0;
    let high = points.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((points[middle]?.end_s ?? 0) <= seconds) low = middle + 1;
      else high = middle;
    }
    const point = points[low];
    return point && point.start_s <= seconds ? point.score : null;
  });
}
