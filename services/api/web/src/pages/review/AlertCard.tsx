// An alert in a list: its picture, how long the clip is, what, where, when, what people made of it.

import { useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { memo } from "react";
import type { AlertView } from "@/api/client";
import { useFormat } from "@/i18n/format";
import { said } from "@/i18n/said";
import { Badge } from "@/ui/layout";
import css from "./review.module.css";
import { Snapshot } from "./Snapshot";
import { TONES, useWords } from "./words";

export const AlertCard = memo(function AlertCard({
  alert,
  zone,
}: {
  alert: AlertView;
  zone: string | undefined;
}) {
  const { t } = useLingui();
  const { clock, score, moment } = useFormat(zone);
  const lengthS = secondsOf(alert);
  const peak = alert.peak_score;
  return (
    <Link to="/alerts/$alertId" params={{ alertId: alert.alert_id }} className={css.card}>
      <span className={css.picture}>
        <Snapshot alert={alert} />
        <span className={css.length}>
          <span className="unseen">{t`Length`} </span>
          {clock(lengthS)}
        </span>
        {alert.state === "open" && <span className={css.live}>{t`Now`}</span>}
      </span>
      <span className={css.said}>
        <span className={css.line}>
          <strong className={css.label}>{said(alert.label)}</strong>
          {peak !== null && <span className="numbers dim">{score(peak)}</span>}
        </span>
        <span className={css.where}>
          {[alert.store, alert.filename].filter(Boolean).join(" · ")}
        </span>
        <time className="dim" dateTime={alert.started_at}>
          {moment(alert.started_at)}
        </time>
        <Marks alert={alert} />
      </span>
    </Link>
  );
});

/** How grave it is, and what people made of it. */
export function Marks({ alert }: { alert: AlertView }) {
  const { t } = useLingui();
  const { severities, verdicts } = useWords();
  const { verdict, acknowledged_at } = alert.review;
  return (
    <span className={css.marks}>
      <Badge tone={TONES[alert.severity]}>{severities[alert.severity]}</Badge>
      {verdict && <Badge tone={verdict === "true" ? "bad" : "good"}>{verdicts[verdict]}</Badge>}
      {!verdict && acknowledged_at && <Badge>{t`Seen`}</Badge>}
      {alert.is_held && <Badge>{t`Held`}</Badge>}
    </span>
  );
}

export function secondsOf(alert: AlertView): number {
  return (Date.parse(alert.ended_at) - Date.parse(alert.started_at)) / 1000;
}
