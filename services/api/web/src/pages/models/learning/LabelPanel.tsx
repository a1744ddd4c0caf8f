// One kind of event: how many were marked of about how many it takes.

import { plural } from "@lingui/core/macro";
import { useLingui } from "@lingui/react/macro";
import type { LabelProgressView } from "@/api/client";
import { Badge, Panel } from "@/ui/layout";
import ui from "@/ui/ui.module.css";
import css from "../models.module.css";
import { useLabelWord } from "./words";

const DAYS_NEEDED = 2;

export function LabelPanel({ label }: { label: LabelProgressView }) {
  const { t } = useLingui();
  const word = useLabelWord();
  const { marked, needed, days, true_marked, missed_marked, false_marked, cameras } = label;
  const { about, at_least, at_most } = needed;
  const name = word(label.label);
  const isEnough = about != null && marked >= about;
  const isWorthATry = marked >= at_least && days >= DAYS_NEEDED;
  // Until it is known how many it takes, the bar never fills: so many were not enough.
  const far = about ?? 2 * at_least;
  const between = at_most == null ? t`more than ${at_least}` : `${at_least}–${at_most}`;
  return (
    <Panel className={css.card} aria-label={name}>
      <div className={css.head}>
        <h3>{name}</h3>
        <Badge tone={isEnough ? "good" : isWorthATry ? "busy" : "plain"}>
          {isEnough ? t`Enough to teach` : isWorthATry ? t`Worth a try` : t`Too few yet`}
        </Badge>
      </div>
      <div className={css.far}>
        <p>
          <strong className={css.count}>{marked}</strong>{" "}
          {about == null
            ? t`events marked; a detector of your own takes ${between}`
            : t`of about ${about} events marked (${between})`}
        </p>
        <progress value={Math.min(marked, far)} max={far} aria-label={t`Marked: ${name}`} />
      </div>
      <p className={ui.facts}>
        <span>{t`${plural(true_marked, { one: "# true alert", other: "# true alerts" })}`}</span>
        <span>{t`${plural(missed_marked, { one: "# missed event", other: "# missed events" })}`}</span>
        <span>{t`${plural(false_marked, { one: "# false alert", other: "# false alerts" })}`}</span>
        <span>{t`${plural(cameras, { one: "# camera", other: "# cameras" })}`}</span>
        <span>
          {days < DAYS_NEEDED
            ? t`${plural(days, { one: "# day, two at least are needed", other: "# days, two at least are needed" })}`
            : t`${plural(days, { one: "# day", other: "# days" })}`}
        </span>
      </p>
      {label.label === "theft" && (
        <p className={ui.hint}>
          {t`Measured in one room: taught with 36 thefts and five minutes of shopping, a detector found half of the other thefts, with one false alarm for every 90 seconds that somebody stood at the shelf. Take it as a list to look through, not as an alarm.`}
        </p>
      )}
      {isWorthATry && (
        <p className="dim">
          {t`Teach a detector:`} <code className={css.hash}>nightclerk train --from-reviews</code>
        </p>
      )}
    </Panel>
  );
}
