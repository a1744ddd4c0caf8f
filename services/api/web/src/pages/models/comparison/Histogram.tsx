// How often two runs gave which score. Counts are drawn by their root: the few high ones matter most.

import { useLingui } from "@lingui/react/macro";
import { useFormat } from "@/i18n/format";
import { said } from "@/i18n/said";
import { Panel } from "@/ui/layout";
import ui from "@/ui/ui.module.css";
import css from "../models.module.css";
import type { Distribution } from "./reading";

const WIDTH = 320;
const HEIGHT = 110;

export function Histogram({
  distribution: { label: name, edges, run, against },
  names: [before, after],
}: {
  distribution: Distribution;
  names: [string, string];
}) {
  const { t } = useLingui();
  const { score } = useFormat();
  const label = said(name);
  const most = Math.sqrt(Math.max(1, ...run, ...against));
  const width = WIDTH / Math.max(1, run.length);
  const height = (count: number) => (Math.sqrt(count) / most) * HEIGHT;
  return (
    <Panel className={css.card}>
      <h3>{label}</h3>
      <svg
        className={css.histogram}
        viewBox={`0 0 ${WIDTH} ${HEIGHT + 1}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={t`How often ${before} and ${after} gave which score: ${label}`}
      >
        {against.map((count, bin) => (
          <rect
            key={edges[bin]}
            className={css.before}
            x={bin * width + 0.5}
            width={width - 1}
            y={HEIGHT - height(count)}
            height={height(count)}
          />
        ))}
        <path className={css.after} d={outline(run.map(height), width)} />
      </svg>
      <div className={css.scale}>
        <span>{score(edges[0] ?? 0)}</span>
        <span>{score(edges.at(-1) ?? 1)}</span>
      </div>
      <p className={ui.facts}>
        <span className={css.ofBefore}>{before}</span>
        <span className={css.ofAfter}>{after}</span>
      </p>
    </Panel>
  );
}

/** Steps over the bins, from the ground to the ground. */
function outline(heights: number[], width: number): string {
  const steps = heights.map(
    (height, bin) => `V${(HEIGHT - height).toFixed(1)}H${((bin + 1) * width).toFixed(1)}`,
  );
  return `M0 ${HEIGHT}${steps.join("")}V${HEIGHT}`;
}
