import { Plural, useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { $api, type OverviewView } from "@/api/client";
import { useMay } from "@/api/session";
import { useFormat } from "@/i18n/format";
import { said } from "@/i18n/said";
import { buttonClass } from "@/ui/controls";
import { Actions, Badge, Empty, Loaded, Page, Panel, Scroll } from "@/ui/layout";
import { useZone } from "@/ui/stores";
import { AlertCard } from "./AlertCard";
import { HourStrip } from "./HourStrip";
import { Place } from "./Place";
import css from "./review.module.css";
import { useWords } from "./words";

const LATE_S = 20;

/** What there is to know at a glance. */
export function Overview() {
  const { t } = useLingui();
  const overview = $api.useQuery("get", "/api/v1/overview");
  return (
    <Page title={t`Overview`}>
      <Loaded query={overview} rows={4}>
        {(seen) => (
          <>
            <FirstStep seen={seen} />
            <Figures seen={seen} />
            <Panel className={css.block} aria-label={t`Alerts of the latest 24 hours`}>
              <h2>{t`Alerts of the latest 24 hours`}</h2>
              <HourStrip hours={seen.hours} zone={seen.stores[0]?.time_zone} />
            </Panel>
            <div className={css.columns}>
              <Latest />
              <div className={css.stack}>
                <Stores seen={seen} />
                <Troubled seen={seen} />
                <Models seen={seen} />
              </div>
            </div>
          </>
        )}
      </Loaded>
    </Page>
  );
}

/** While nothing is watched yet: the way on. */
function FirstStep({ seen }: { seen: OverviewView }) {
  const { t } = useLingui();
  const may = useMay("configure");
  const cameras = seen.stores.some((store) => store.online + store.offline + store.starting);
  if (!may || cameras || seen.stores.some(({ paused, alerts }) => paused || alerts)) return null;
  return (
    <Panel className={css.line} aria-label={t`First steps`}>
      <p>{t`Nothing is watched yet. Add a camera, or upload a video to see how it works.`}</p>
      <Actions>
        <Place path="/setup" className={buttonClass("primary")}>{t`Set up Nightclerk`}</Place>
        <Place path="/videos" className={buttonClass()}>{t`Upload videos`}</Place>
      </Actions>
    </Panel>
  );
}

function Figures({ seen }: { seen: OverviewView }) {
  const { t } = useLingui();
  const { number, duration } = useFormat();
  const count = (state: "online" | "offline" | "starting" | "paused") =>
    seen.stores.reduce((sum, store) => sum + store[state], 0);
  const all = count("online") + count("offline") + count("starting") + count("paused");
  const isLate = seen.lag_s !== null && seen.lag_s > LATE_S;
  const broken = seen.parts.filter(({ works }) => !works);
  return (
    <ul className={css.figures}>
      <Figure
        label={t`Open alerts`}
        value={number(seen.open_alerts)}
        tone={seen.open_alerts ? "bad" : "good"}
        link={<Link to="/alerts" search={{ state: "open" }}>{t`Open alerts`}</Link>}
        note={seen.open_alerts ? t`Something happens now` : t`No alert is open`}
      />
      <Figure
        label={t`Waiting for review`}
        value={seen.waiting >= 1000 ? "999+" : number(seen.waiting)}
        tone={seen.waiting ? "warn" : "good"}
        link={<Link to="/review">{t`Waiting for review`}</Link>}
        note={
          seen.claimed ? (
            <Plural value={seen.claimed} one="# is being looked at" other="# are being looked at" />
          ) : seen.waiting ? (
            t`Nobody looks at them yet`
          ) : (
            t`Everything was looked at`
          )
        }
      />
      <Figure
        label={t`Cameras online`}
        value={`${number(count("online"))} / ${number(all - count("paused"))}`}
        tone={count("offline") ? "bad" : "good"}
        link={<Place path="/cameras">{t`Cameras online`}</Place>}
        note={<Plural value={count("offline")} one="# offline" other="# offline" />}
      />
      <Figure
        label={t`Behind the pictures`}
        value={seen.lag_s === null ? "–" : duration(seen.lag_s)}
        tone={isLate || seen.clips_left_out ? "warn" : "good"}
        note={
          broken.length
            ? broken.map(({ name, fault }) => `${name}: ${fault}`).join(", ")
            : seen.clips_left_out
              ? t`${number(seen.clips_left_out)} clips left out today: too much to do`
              : t`Nothing was left out today`
        }
      />
    </ul>
  );
}

function Figure({
  label,
  value,
  tone,
  note,
  link,
}: {
  label: string;
  value: string;
  tone: "good" | "bad" | "warn";
  note: ReactNode;
  link?: ReactNode;
}) {
  return (
    <li className={css.figure} data-tone={tone}>
      <span className={css.name}>{link ?? label}</span>
      <strong className="numbers">{value}</strong>
      <span className="dim">{note}</span>
    </li>
  );
}

function Latest() {
  const { t } = useLingui();
  const zoneOf = useZone();
  const alerts = $api.useQuery("get", "/api/v1/alerts", { params: { query: { limit: 8 } } });
  return (
    <section className={css.stack} aria-label={t`Latest alerts`}>
      <header className={css.line}>
        <h2>{t`Latest alerts`}</h2>
        <Link to="/alerts" search={{}}>{t`All alerts`}</Link>
      </header>
      <Loaded query={alerts}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={t`All is quiet`}>
              <p>{t`Alerts appear here within seconds.`}</p>
            </Empty>
          ) : (
            <ul className={css.cards}>
              {items.map((alert) => (
                <li key={alert.alert_id}>
                  <AlertCard alert={alert} zone={zoneOf(alert.store_id)} />
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </section>
  );
}

function Stores({ seen }: { seen: OverviewView }) {
  const { t } = useLingui();
  const { number } = useFormat();
  return (
    <Panel className={css.block} aria-label={t`Stores`}>
      <h2>{t`Stores`}</h2>
      <Scroll label={t`Stores`}>
        <table className={css.table}>
          <thead>
            <tr>
              <th scope="col">{t`Store`}</th>
              <th scope="col">{t`Cameras`}</th>
              <th scope="col" className={css.end}>{t`Alerts, 24 h`}</th>
            </tr>
          </thead>
          <tbody>
            {seen.stores.map((store) => (
              <tr key={store.store_id}>
                <th scope="row">{store.name}</th>
                <td>
                  <StoreState store={store} />
                </td>
                <td className={css.end}>
                  <Link
                    to="/alerts"
                    search={{ store_id: store.store_id, days: 1 }}
                    aria-label={t`Alerts of ${store.name}: ${store.alerts}`}
                  >
                    {number(store.alerts)}
                  </Link>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </Panel>
  );
}

function StoreState({ store }: { store: OverviewView["stores"][number] }) {
  const { t } = useLingui();
  const { number } = useFormat();
  const all = store.online + store.offline + store.starting + store.paused;
  if (!all) return <span className="dim">{t`No camera`}</span>;
  if (store.offline)
    return <Badge tone="bad">{t`${number(store.offline)} of ${all} offline`}</Badge>;
  if (store.impaired)
    return <Badge tone="warn">{t`${number(store.impaired)} of ${all} see badly`}</Badge>;
  if (store.online) return <Badge tone="good">{t`${number(store.online)} online`}</Badge>;
  return <Badge>{store.paused ? t`Paused` : t`Starting`}</Badge>;
}

function Troubled({ seen }: { seen: OverviewView }) {
  const { t } = useLingui();
  const { ago } = useFormat();
  const { conditions, states } = useWords();
  if (!seen.troubled.length) return null;
  return (
    <Panel className={css.block} aria-label={t`Cameras that need somebody`}>
      <h2>{t`Cameras that need somebody`}</h2>
      <ul className={css.rows}>
        {seen.troubled.map((camera) => {
          const worst = camera.conditions.find(({ condition }) => condition !== "still");
          return (
            <li key={camera.source_id}>
              <span className={css.line}>
                <Place path={`/cameras/${camera.source_id}`}>
                  {[camera.store, camera.name].filter(Boolean).join(" · ")}
                </Place>
                <Badge tone={camera.state === "offline" ? "bad" : "warn"}>
                  {camera.state === "offline"
                    ? states.offline
                    : conditions[worst?.condition ?? "still"]}
                </Badge>
              </span>
              <span className="dim">
                {[
                  said(camera.reason || worst?.detail || ""),
                  ago(worst?.started_at ?? camera.since),
                ]
                  .filter(Boolean)
                  .join(" · ")}
              </span>
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}

/** Which model is at work, said plainly. */
function Models({ seen }: { seen: OverviewView }) {
  const { t } = useLingui();
  const names = [...new Set(seen.models.map(({ model_id }) => model_id))];
  return (
    <Panel className={css.block} aria-label={t`Active model`}>
      <h2>{t`Active model`}</h2>
      {names.length === 0 && <p className="dim">{t`Nothing was judged within a day.`}</p>}
      <ul className={css.rows}>
        {names.map((name) => {
          const heads = seen.models.filter(({ model_id }) => model_id === name);
          const sources = Math.max(...heads.map((head) => head.sources));
          const sees = heads.map(({ label }) => said(label)).join(", ");
          return (
            <li key={name}>
              <strong>{sees}</strong>
              <span className="dim">
                {name} · <Plural value={sources} one="# source" other="# sources" />
              </span>
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}
