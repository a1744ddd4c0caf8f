import { useLingui } from "@lingui/react/macro";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useRef } from "react";
import { raiserOf } from "@/api/alerts";
import { $api, type AlertDetail, client } from "@/api/client";
import { useMay, useMe } from "@/api/session";
import { useFormat } from "@/i18n/format";
import { said } from "@/i18n/said";
import { Button, buttonClass } from "@/ui/controls";
import { useKeys } from "@/ui/keys";
import { Actions, Loaded, Page, Panel } from "@/ui/layout";
import { useZone } from "@/ui/stores";
import { notify } from "@/ui/toasts";
import { AddToAlbum } from "@/video/AddToAlbum";
import type { PlayerHandle } from "@/video/playback";
import { Marks, secondsOf } from "./AlertCard";
import { Assignment } from "./Assignment";
import { acknowledge, type Undo, undoLatest, useTelling } from "./acts";
import { Comments } from "./Comments";
import { Deliveries } from "./Deliveries";
import { Film } from "./Film";
import { History } from "./History";
import { Keeping } from "./Keeping";
import { Others } from "./Others";
import { Place, sourcePath } from "./Place";
import css from "./review.module.css";
import { Scores } from "./Scores";
import { entryOf, type Verdict, VerdictForm } from "./Verdict";
import { useWords } from "./words";

const route = getRouteApi("/shell/alerts/$alertId");

/** All there is about one alert. */
export function Alert() {
  const { t } = useLingui();
  const { alertId } = route.useParams();
  const params = { path: { alert_id: alertId } };
  const query = $api.useQuery("get", "/api/v1/alerts/{alert_id}", { params });
  return (
    <Page
      title={(query.data && said(query.data.label)) ?? t`Alert`}
      actions={
        <>
          {query.data?.kind === "incident" && (
            <AddToAlbum
              sourceId={query.data.source_id}
              fromAt={query.data.started_at}
              toAt={query.data.ended_at}
            />
          )}
          <Link to="/alerts" search={{}} className={buttonClass()}>{t`All alerts`}</Link>
        </>
      }
    >
      <Loaded query={query} rows={5}>
        {(alert) => <Whole key={alertId} alert={alert} />}
      </Loaded>
    </Page>
  );
}

function Whole({ alert }: { alert: AlertDetail }) {
  const { t } = useLingui();
  const zoneOf = useZone();
  const player = useRef<PlayerHandle>(null);
  return (
    <div className={css.desk}>
      <div className={css.stack}>
        <Film alert={alert} autoPlay={false} ref={player} />
        <Downloads alert={alert} />
        <Scores alert={alert} />
        {alert.source_kind === "camera" && alert.store_id && <Others alert={alert} />}
        <Deliveries alertId={alert.alert_id} zone={zoneOf(alert.store_id)} />
      </div>
      <div className={css.stack}>
        <Facts alert={alert} />
        <Judging alert={alert} player={() => player.current} />
        <Keeping alert={alert} />
        <Comments alertId={alert.alert_id} />
        <History alert={alert} />
        <p className="dim">{t`Number ${alert.alert_id}`}</p>
      </div>
    </div>
  );
}

type Row = [string, React.ReactNode];

function Facts({ alert }: { alert: AlertDetail }) {
  const { t } = useLingui();
  const zoneOf = useZone();
  const { moment, duration, score } = useFormat(zoneOf(alert.store_id));
  const { states, reasons, raisers } = useWords();
  const raiser = raiserOf(alert);
  const peak = alert.peak_score;
  const at = new URLSearchParams({ at: alert.started_at });
  if (alert.store_id) at.set("store", alert.store_id);
  const rows: Row[] = [
    [t`Store`, alert.store ?? "–"],
    [
      alert.source_kind === "camera" ? t`Camera` : t`Video`,
      <Place key="source" path={sourcePath(alert.source_kind, alert.source_id)}>
        {alert.filename}
      </Place>,
    ],
    [
      t`Began`,
      <time key="time" dateTime={alert.started_at}>
        {moment(alert.started_at)}
      </time>,
    ],
    [t`Length`, duration(secondsOf(alert))],
    ...(peak === null ? [] : [[t`Highest score`, score(peak)] satisfies Row]),
    [
      t`State`,
      [states[alert.state], alert.reason && reasons[alert.reason]].filter(Boolean).join(" · "),
    ],
    [
      t`Raised by`,
      <>
        {raisers[raiser]}
        <small className={css.names}>
          {raiser === "model" ? `${alert.rule} · ${alert.model_id}` : alert.rule}
        </small>
      </>,
    ],
  ];
  return (
    <Panel className={css.block}>
      <Marks alert={alert} />
      <dl className={css.facts}>
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {alert.source_kind === "camera" && (
        <Actions>
          <Place path={`/timeline?${at}`} className={buttonClass()}>{t`On the timeline`}</Place>
        </Actions>
      )}
    </Panel>
  );
}

function Judging({ alert, player }: { alert: AlertDetail; player: () => PlayerHandle | null }) {
  const { t } = useLingui();
  const me = useMe();
  const may = useMay("review");
  const telling = useTelling();
  const reason = useRef<HTMLInputElement>(null);
  const { review, alert_id } = alert;
  const params = { path: { alert_id }, header: { "If-Match": `"${review.version}"` } };
  const told = (text: string, undo: Undo) =>
    notify(text, { label: t`Undo`, act: () => void telling(undo) });
  const judge = async (verdict: Verdict) => {
    const body = entryOf(verdict, reason.current);
    const done = await telling(() =>
      client.PUT("/api/v1/alerts/{alert_id}/verdict", { params, body }),
    );
    if (!done) return;
    if (reason.current) reason.current.value = "";
    told(verdict === "true" ? t`A true alarm.` : t`A false alarm.`, () => undoLatest(alert_id));
  };
  const see = async () => {
    const undo = await telling(() => acknowledge([alert_id]));
    if (undo) told(t`Acknowledged.`, undo);
  };
  const takeBack = () => telling(() => undoLatest(alert_id));
  useKeys({
    " ": () => player()?.toggle(),
    ...(may && {
      t: () => judge("true"),
      f: () => judge("false"),
      a: see,
      u: takeBack,
      r: () => reason.current?.focus(),
    }),
  });
  return (
    <Panel className={css.block}>
      <h2>{t`Review`}</h2>
      <Judged alert={alert} />
      {may && (
        <>
          <VerdictForm judge={judge} reason={reason} />
          <Actions>
            {!review.acknowledged_at && (
              <Button onClick={see}>
                {t`Acknowledge`} <kbd>A</kbd>
              </Button>
            )}
            {review.version > 0 && (
              <Button onClick={takeBack}>
                {t`Undo`} <kbd>U</kbd>
              </Button>
            )}
          </Actions>
          {me.kind === "user" && <Assignment alerts={[alert]} />}
        </>
      )}
    </Panel>
  );
}

function Judged({ alert }: { alert: AlertDetail }) {
  const { t } = useLingui();
  const { ago } = useFormat();
  const { verdicts } = useWords();
  const { verdict, reason, judged_by, acknowledged_by, acknowledged_at } = alert.review;
  if (!verdict && !acknowledged_at) return <p className="dim">{t`Nobody has judged it yet.`}</p>;
  const by = judged_by ?? "";
  const seen = acknowledged_by ?? "";
  return (
    <ul className={css.rows}>
      {verdict && (
        <li>
          <strong>{verdicts[verdict]}</strong> {t`by ${by}`}
          {reason && <p className={css.text}>{reason}</p>}
        </li>
      )}
      {acknowledged_at && (
        <li className="dim">{t`Acknowledged by ${seen}, ${ago(acknowledged_at)}`}</li>
      )}
    </ul>
  );
}

function Downloads({ alert }: { alert: AlertDetail }) {
  const { t } = useLingui();
  const isHidden = alert.faces === "hidden";
  if (!alert.has_evidence && !alert.snapshot_url) return null;
  const path = `/api/v1/alerts/${alert.alert_id}`;
  const files: [string, string][] = [
    [t`Evidence pack`, "pack"],
    [t`Film`, "evidence"],
  ];
  const shown: [string, string][] = [
    [t`Contact sheet`, "montage"],
    [t`Enhanced picture`, "enhanced"],
  ];
  if (!isHidden) files.push(...shown);
  return (
    <Actions>
      <span className="dim">{t`Download`}</span>
      {files.map(([name, file]) => (
        <a key={file} href={`${path}/${file}`} className={buttonClass()} download>
          {name}
        </a>
      ))}
      {isHidden ? (
        <p className="dim">{t`Faces are hidden from you in all pictures.`}</p>
      ) : (
        <Pictures path={path} />
      )}
    </Actions>
  );
}

function Pictures({ path }: { path: string }) {
  const { t } = useLingui();
  return (
    <details className={css.more}>
      <summary>{t`Look closer`}</summary>
      <figure>
        <img src={`${path}/enhanced`} alt={t`The highest moment, enhanced`} loading="lazy" />
        <figcaption className="dim">
          {t`Sharpened and brightened: it is not what the camera recorded.`}
        </figcaption>
      </figure>
      <figure>
        <img src={`${path}/montage`} alt={t`The episode in twelve moments`} loading="lazy" />
      </figure>
    </details>
  );
}
