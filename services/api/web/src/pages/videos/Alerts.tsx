import { useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import type { AlertView, VideoView } from "@/api/client";
import { useFormat } from "@/i18n/format";
import { said } from "@/i18n/said";
import { Badge, Panel } from "@/ui/layout";
import { AddToAlbum } from "@/video/AddToAlbum";
import { Shot } from "@/video/Shot";
import { isBusy } from "./progress";
import css from "./videos.module.css";

type Props = { video: VideoView; alerts: AlertView[]; seek: (seconds: number) => void };

/** What the policies made of the scores; each picture seeks the player. */
export function Alerts({ video, alerts, seek }: Props) {
  const { t } = useLingui();
  if (!alerts.length && isBusy(video)) return null;
  return (
    <Panel>
      <section className={css.section} aria-labelledby="alerts">
        <h2 id="alerts">{t`Alerts`}</h2>
        {alerts.length === 0 && (
          <p className="dim">{t`None: nothing stayed above the high mark.`}</p>
        )}
        <ul className={css.list}>
          {alerts.map((alert) => (
            <Alert key={alert.alert_id} alert={alert} seek={seek} />
          ))}
        </ul>
      </section>
    </Panel>
  );
}

function Alert({ alert, seek }: { alert: AlertView; seek: Props["seek"] }) {
  const { t } = useLingui();
  const { clock, duration } = useFormat();
  const { source_id, start_s, end_s, peak_s, started_at, ended_at } = alert;
  const from = clock(start_s);
  const to = clock(end_s);
  const lasted = duration(Math.max(1, end_s - start_s));
  return (
    <li className={css.alert}>
      <Shot
        src={`/api/v1/videos/${source_id}/frame?t=${peak_s.toFixed(2)}&width=240`}
        seconds={peak_s}
        score={alert.peak_score}
        high
        act={() => seek(start_s)}
      />
      <div className={css.words}>
        <Link to="/alerts/$alertId" params={{ alertId: alert.alert_id }}>
          <strong>{said(alert.label)}</strong>
        </Link>
        <span className="dim numbers">{t`${from} to ${to}, ${lasted}`}</span>
        <span>
          <Badge tone={alert.state === "open" ? "bad" : "plain"}>
            {alert.state === "open" ? t`Going on` : t`Over`}
          </Badge>
        </span>
        <AddToAlbum quiet sourceId={source_id} fromAt={started_at} toAt={ended_at} />
      </div>
    </li>
  );
}
