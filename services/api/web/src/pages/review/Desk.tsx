// Where one incident lies while somebody judges it.

import { Plural, useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { type RefObject, useRef, useState } from "react";
import { $api, type AlertView, type IncidentDetail, type IncidentView } from "@/api/client";
import { useMay, useMe } from "@/api/session";
import { useFormat } from "@/i18n/format";
import { said } from "@/i18n/said";
import { Button, buttonClass } from "@/ui/controls";
import { arrows, useKeys } from "@/ui/keys";
import { Actions, Loaded, Panel } from "@/ui/layout";
import { useZone } from "@/ui/stores";
import { notify } from "@/ui/toasts";
import type { PlayerHandle } from "@/video/playback";
import { Marks, secondsOf } from "./AlertCard";
import { Assignment, useAssign } from "./Assignment";
import { acknowledge, judgeIncident, type Undo, useTelling } from "./acts";
import { Comments } from "./Comments";
import { useClaim } from "./claim";
import { Film } from "./Film";
import css from "./review.module.css";
import { Snapshot } from "./Snapshot";
import type { QueueSearch } from "./search";
import { entryOf, type Verdict, VerdictForm } from "./Verdict";

export type Done = { incident: string; undo: Undo };
type Props = {
  incidentId: string;
  items: IncidentView[];
  filter: Omit<QueueSearch, "incident">;
  go: (incident: string | undefined) => void;
  help: () => void;
  markAll: () => Promise<Undo | undefined>;
  /** What was done here, the latest last. */
  done: RefObject<Done[]>;
};

export function Desk(props: Props) {
  const { incidentId, items, filter } = props;
  const may = useMay("review");
  const taken = useClaim(incidentId, may);
  const incident = useIncident(incidentId, filter);
  const following = after(items, incidentId, incident.data?.next_id);
  const next = useIncident(following, filter);
  return (
    <Loaded query={incident} rows={5}>
      {(shown) => {
        const begin = first(shown);
        return (
          begin && (
            <Bench
              {...props}
              incident={shown}
              begin={begin}
              next={next.data && first(next.data)}
              following={following}
              taken={taken}
            />
          )
        );
      }}
    </Loaded>
  );
}

function Bench({
  incident,
  begin,
  next,
  following,
  taken,
  items,
  go,
  help,
  markAll,
  done,
}: Props & {
  incident: IncidentDetail;
  /** The alert that is shown first. */
  begin: AlertView;
  next: AlertView | undefined;
  following: string | undefined;
  taken: string | null;
}) {
  const { t } = useLingui();
  const me = useMe();
  const telling = useTelling();
  const assign = useAssign();
  const may = useMay("review") && taken === null;
  const alerts = [...incident.alerts].reverse();
  const [picked, setPicked] = useState<string | null>(null);
  const alert = alerts.find(({ alert_id }) => alert_id === picked) ?? begin;
  const player = useRef<PlayerHandle>(null);
  const reason = useRef<HTMLInputElement>(null);
  const comment = useRef<HTMLTextAreaElement>(null);

  const keep = (undo: Undo, incidentId: string, text: string) => {
    const entry = { incident: incidentId, undo };
    done.current.push(entry);
    notify(text, { label: t`Undo`, act: () => void takeBack(entry) });
  };
  const takeBack = async (entry = done.current.at(-1)) => {
    if (!entry) return notify(t`There is nothing to undo.`);
    done.current = done.current.filter((other) => other !== entry);
    const isUndone = await telling(() => entry.undo().then(() => true));
    if (isUndone) {
      if (entry.incident) go(entry.incident);
      notify(t`Undone.`);
    }
  };
  const judge = async (verdict: Verdict) => {
    if (!may) return;
    const ids = alerts.filter(({ review }) => !review.verdict).map(({ alert_id }) => alert_id);
    const entry = entryOf(verdict, reason.current);
    const undo = await telling(() => judgeIncident(incident.incident_id, entry, ids));
    if (!undo) return;
    if (reason.current) reason.current.value = "";
    keep(undo, incident.incident_id, verdict === "true" ? t`A true alarm.` : t`A false alarm.`);
    go(following);
  };
  const see = async () => {
    if (!may) return;
    const undo = await telling(() => acknowledge(alerts.map(({ alert_id }) => alert_id)));
    if (undo) keep(undo, incident.incident_id, t`Acknowledged.`);
  };
  const seeAll = async () => {
    const undo = await markAll();
    if (undo) done.current.push({ incident: "", undo });
  };
  const pick = (steps: number) => {
    const place = alerts.indexOf(alert) + steps;
    setPicked(alerts[place]?.alert_id ?? alert.alert_id);
  };
  const move = (steps: number) => {
    const place = items.findIndex(({ incident_id }) => incident_id === incident.incident_id);
    const beside = items[place + steps]?.incident_id;
    const wanted = steps > 0 ? (beside ?? incident.next_id) : (beside ?? incident.previous_id);
    if (wanted) go(wanted);
  };
  useKeys({
    ...arrows({
      down: () => move(1),
      up: () => move(-1),
      left: () => player.current?.skip(-5),
      right: () => player.current?.skip(5),
    }),
    j: () => move(1),
    k: () => move(-1),
    "[": () => pick(-1),
    "]": () => pick(1),
    " ": () => player.current?.toggle(),
    t: () => judge("true"),
    f: () => judge("false"),
    a: see,
    "Shift+a": seeAll,
    u: () => takeBack(),
    m: () => me.user_id && may && assign(alerts, me.user_id),
    r: () => reason.current?.focus(),
    c: () => comment.current?.focus(),
    "?": help,
  });
  const films = next && next.alert_id !== alert.alert_id ? [alert, next] : [alert];
  return (
    <div className={css.desk}>
      <div className={css.stack}>
        {taken && (
          <Panel className={css.taken} role="status">
            <p>{taken}</p>
          </Panel>
        )}
        {films.map((each) => (
          <Film
            key={each.alert_id}
            alert={each}
            isShown={each === alert}
            ref={each === alert ? player : undefined}
          />
        ))}
        {alerts.length > 1 && <Flood alerts={alerts} shown={alert} pick={setPicked} />}
      </div>
      <div className={css.stack}>
        <Facts incident={incident} alert={alert} />
        {may && (
          <>
            <VerdictForm judge={judge} reason={reason} />
            <Actions>
              <Button onClick={see}>
                {t`Acknowledge`} <kbd>A</kbd>
              </Button>
              <Button onClick={() => takeBack()}>
                {t`Undo`} <kbd>U</kbd>
              </Button>
            </Actions>
            <Assignment alerts={alerts} />
          </>
        )}
        <Comments key={alert.alert_id} alertId={alert.alert_id} ref={comment} />
      </div>
    </div>
  );
}

function Facts({ incident, alert }: { incident: IncidentDetail; alert: AlertView }) {
  const { t } = useLingui();
  const zoneOf = useZone();
  const { moment, score, duration } = useFormat(zoneOf(incident.store_id));
  const peak = alert.peak_score;
  return (
    <section className={css.stack} aria-label={t`The incident`}>
      <h2>{said(alert.label)}</h2>
      <p className="dim">
        {[alert.store, alert.filename].filter(Boolean).join(" · ")}
        <br />
        <time dateTime={alert.started_at}>{moment(alert.started_at)}</time> ·{" "}
        {duration(secondsOf(alert))}
        {peak !== null && ` · ${t`score ${score(peak)}`}`}
      </p>
      <Marks alert={alert} />
      {incident.alert_count > 1 && (
        <p>
          <Plural
            value={incident.alert_count}
            one="# alert belongs together"
            other="# alerts belong together, and get one verdict"
          />
        </p>
      )}
      <Actions>
        <Link
          to="/alerts/$alertId"
          params={{ alertId: alert.alert_id }}
          className={buttonClass()}
        >{t`All about it`}</Link>
      </Actions>
    </section>
  );
}

/** The alerts of one incident, in order of time. */
function Flood({
  alerts,
  shown,
  pick,
}: {
  alerts: AlertView[];
  shown: AlertView;
  pick: (alertId: string) => void;
}) {
  const { t } = useLingui();
  const zoneOf = useZone();
  const { time } = useFormat(zoneOf(shown.store_id));
  return (
    <section aria-label={t`Alerts of the incident`}>
      <ul className={css.flood}>
        {alerts.map((alert) => (
          <li key={alert.alert_id}>
            <button
              type="button"
              data-row
              className={css.shot}
              aria-current={alert === shown || undefined}
              onClick={() => pick(alert.alert_id)}
            >
              <Snapshot alert={alert} />
              <span>
                {time(alert.started_at)} · {alert.filename}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function useIncident(incidentId: string | undefined, filter: Omit<QueueSearch, "incident">) {
  const params = { path: { incident_id: incidentId ?? "" }, query: filter };
  return $api.useQuery(
    "get",
    "/api/v1/review-queue/{incident_id}",
    { params },
    { enabled: incidentId !== undefined },
  );
}

/** The alert that says most: of the highest score. */
function first(incident: IncidentDetail): AlertView | undefined {
  return [...incident.alerts].sort((a, b) => (b.peak_score ?? 0) - (a.peak_score ?? 0))[0];
}

/** What comes next, but for what others are at. */
function after(
  items: IncidentView[],
  incidentId: string,
  other: string | null | undefined,
): string | undefined {
  const place = items.findIndex(({ incident_id }) => incident_id === incidentId);
  const free = items.filter(
    ({ claim, incident_id }) => incident_id !== incidentId && (!claim || claim.is_mine),
  );
  const below = free.find((incident) => items.indexOf(incident) > place);
  return (below ?? free[0])?.incident_id ?? other ?? undefined;
}
