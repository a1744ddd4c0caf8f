// What a camera shows now, with its latest scores and alerts.

import { useLingui } from "@lingui/react/macro";
import { useRef, useState } from "react";
import { $api, type AlertView, type CameraView } from "@/api/client";
import { useFormat } from "@/i18n/format";
import { said } from "@/i18n/said";
import { Badge, Loaded, Panel } from "@/ui/layout";
import { useZone } from "@/ui/stores";
import css from "./cameras.module.css";
import { ScoreStrip } from "./live/ScoreStrip";
import { Screen, type ScreenHandle } from "./live/Screen";
import { useAlive } from "./live/useAlive";
import { useLivePictures } from "./live/useLivePictures";
import { SnoozePanel } from "./SnoozePanel";
import { ALERT_TONES, useWords } from "./words";

export function LivePanel({ camera }: { camera: CameraView }) {
  const { t } = useLingui();
  const sourceId = camera.source_id;
  const screen = useRef<ScreenHandle>(null);
  const [offsetMs, setOffsetMs] = useState(0);
  const alive = useAlive(camera.state);
  const path = camera.is_paused ? null : `/api/v1/sources/${sourceId}/live`;
  const fault = useLivePictures(path, (header, jpeg) => {
    const offset = Date.parse(header.now) - Date.now();
    setOffsetMs((before) => (Math.abs(before - offset) > 1_000 ? offset : before));
    if (jpeg) void screen.current?.show(header, jpeg);
    if (jpeg) alive();
  });
  return (
    <div className={css.columns}>
      <div className={css.stack}>
        <Screen
          ref={screen}
          label={t`Live picture of ${camera.name}`}
          empty={camera.is_paused ? t`The camera is paused.` : said(camera.reason) || undefined}
        />
        {fault !== null && (
          <p role="status">{fault || t`The live picture broke off; trying again…`}</p>
        )}
        <Panel className={css.panel}>
          <h2>{t`Scores`}</h2>
          <ScoreStrip sourceId={sourceId} offsetMs={offsetMs} />
        </Panel>
      </div>
      <div className={css.stack}>
        <Alerts camera={camera} />
        <Wrong camera={camera} />
        <SnoozePanel camera={camera} />
      </div>
    </div>
  );
}

function Alerts({ camera }: { camera: CameraView }) {
  const { t } = useLingui();
  const zone = useZone()(camera.store_id);
  const { moment, ago, score } = useFormat(zone);
  const query = $api.useQuery("get", "/api/v1/alerts", {
    params: { query: { source_id: camera.source_id, limit: 10 } },
  });
  const line = (alert: AlertView) => {
    const peak = alert.peak_score;
    return (
      <li key={alert.alert_id}>
        <span className={css.line}>
          <Badge tone={ALERT_TONES[alert.severity]}>{said(alert.label)}</Badge>
          {alert.state === "open" && <Badge tone="busy">{t`Now`}</Badge>}
          {peak !== null && <span className="numbers">{score(peak)}</span>}
        </span>
        <small>
          <a href={`/alerts/${alert.alert_id}`}>
            {ago(alert.started_at)} · {moment(alert.started_at)}
          </a>
        </small>
      </li>
    );
  };
  return (
    <Panel className={css.panel}>
      <h2>{t`Alerts`}</h2>
      <Loaded query={query} rows={1}>
        {({ items }) =>
          items.length ? (
            <ul className={css.list}>{items.map(line)}</ul>
          ) : (
            <p className="dim">{t`No alert so far.`}</p>
          )
        }
      </Loaded>
    </Panel>
  );
}

/** Nothing while nothing is wrong. */
function Wrong({ camera }: { camera: CameraView }) {
  const { t } = useLingui();
  const { ago } = useFormat();
  const { conditions } = useWords();
  if (camera.conditions.length === 0) return null;
  return (
    <Panel className={css.panel}>
      <h2>{t`What is wrong`}</h2>
      <ul className={css.list}>
        {camera.conditions.map(({ condition, started_at, detail }) => (
          <li key={condition}>
            <span className={css.line}>
              <Badge tone={condition === "offline" ? "bad" : "warn"}>{conditions[condition]}</Badge>
              <small>{ago(started_at)}</small>
            </span>
            {detail && <small>{said(detail)}</small>}
          </li>
        ))}
      </ul>
    </Panel>
  );
}
