// One kind of event: how many were marked of about how many it takes.

import { useLingui } from "@lingui/react/macro";
import type { LabelProgressView } from "@/api/client";
import { Badge, Panel } from "@/ui/layout";
import css from "../models.module.css";
import { useLabelWord } from "./words";

export function LabelPanel({ label }: { label: LabelProgressView }) {
  const { t } = useLingui();
  const word = useLabelWord();
  const { marked, needed, days, model_id } = label;
  const { at_least, at_most } = needed;
  const { about } = needed;
  const name = word(label.label);
  const between = at_most == null ? t`more than ${at_least}` : `${at_least}–${at_most}`;
  const isEnough = about != null && marked >= about;
  // Until it is known how many it takes, the bar never fills: so many were not enough.
  const far = about ?? 2 * at_least;
  return (
    <Panel className={css.card} aria-label={name}>
      <div className={css.head}>
        <h3>{name}</h3>
        <Badge tone={isEnough ? "good" : marked >= at_least ? "busy" : "plain"}>
          {isEnough ? t`Enough to teach` : marked >= at_least ? t`Worth a try` : t`Too few yet`}
        </Badge>
      </div>
      <div className={css.far}>
        <progress value={Math.min(marked, far)} max={far} aria-label={t`Marked: ${name}`} />
        <p>
          <strong className="numbers">{marked}</strong>{" "}
          {about == null
            ? t`marked events; it takes ${between}, how many is not known`
            : t`of about ${about} marked events (${between})`}
        </p>
      </div>
      <dl className={css.pairs}>
        <dt>{t`True alerts`}</dt>
        <dd>{label.true_marked}</dd>
        <dt>{t`Missed events`}</dt>
        <dd>{label.missed_marked}</dd>
        <dt>{t`False alerts`}</dt>
        <dd>{label.false_marked}</dd>
        <dt>{t`Nothing happened`}</dt>
        <dd>{label.normal_marked}</dd>
        <dt>{t`Cameras`}</dt>
        <dd>{label.cameras}</dd>
        <dt>{t`Days`}</dt>
        <dd>
          {days} {days < 2 && <span className="dim">{t`two at least are needed`}</span>}
        </dd>
        <dt>{t`Looks for it now`}</dt>
        <dd>{model_id ?? t`no head`}</dd>
      </dl>
      {marked >= at_least && days >= 2 && (
        <p className="dim">
          {t`Teach a head:`} <code className={css.hash}>nightclerk train --from-reviews</code>
        </p>
      )}
    </Panel>
  );
}
