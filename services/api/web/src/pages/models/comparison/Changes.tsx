// What differs, looked through by the keyboard: films of both at the moment, side by side.

import { useLingui } from "@lingui/react/macro";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useRef } from "react";
import { useFormat } from "@/i18n/format";
import { arrows, useKeys } from "@/ui/keys";
import { Badge, Panel } from "@/ui/layout";
import { useWhere, useZone } from "@/ui/stores";
import { Tabs } from "@/ui/tabs";
import ui from "@/ui/ui.module.css";
import type { PlayerHandle } from "@/video/playback";
import { Moment } from "../Moment";
import css from "../models.module.css";
import type { ChangeKind } from "../search";
import { useRunName } from "../words";
import { type Entry, entriesOf } from "./entries";
import type { AlertSide, Comparison } from "./reading";

const route = getRouteApi("/shell/models-section/comparison");

export function Changes({ comparison }: { comparison: Comparison }) {
  const { t } = useLingui();
  const { kind = "gained" } = route.useSearch();
  const navigate = route.useNavigate();
  const tabs: [ChangeKind, string, number][] = [
    ["gained", t`Gained`, comparison.gained.count],
    ["lost", t`Lost`, comparison.lost.count],
    ["moved", t`Moved`, comparison.moved.count],
    ["disagreements", t`Largest disagreements`, comparison.disagreements.length],
  ];
  const entries = entriesOf(comparison, kind);
  return (
    <section className={css.stack} aria-labelledby="changes">
      <h2 id="changes">{t`What differs`}</h2>
      <Tabs aria-label={t`What differs`}>
        {tabs.map(([name, label, count]) => (
          <button
            key={name}
            type="button"
            className={ui.tab}
            data-active={name === kind ? "" : undefined}
            aria-current={name === kind ? "true" : undefined}
            onClick={() =>
              void navigate({
                search: (before) => ({ ...before, kind: name, item: undefined }),
                replace: true,
              })
            }
          >
            {label} <span className="numbers">{count}</span>
          </button>
        ))}
      </Tabs>
      {entries.length ? (
        <Bench key={kind} entries={entries} comparison={comparison} />
      ) : (
        <p className="dim">{t`Nothing of that kind.`}</p>
      )}
    </section>
  );
}

function Bench({ entries, comparison }: { entries: Entry[]; comparison: Comparison }) {
  const { t } = useLingui();
  const { item = 0 } = route.useSearch();
  const navigate = route.useNavigate();
  const player = useRef<PlayerHandle>(null);
  const where = useWhere();
  const at = Math.min(item, entries.length - 1);
  const shown = entries[at] as Entry;
  const pick = (place: number) =>
    void navigate({
      search: (before) => ({
        ...before,
        item: Math.min(Math.max(place, 0), entries.length - 1) || undefined,
      }),
      replace: true,
    });
  useKeys({
    ...arrows({
      down: () => pick(at + 1),
      up: () => pick(at - 1),
      left: () => player.current?.skip(-5),
      right: () => player.current?.skip(5),
    }),
    j: () => pick(at + 1),
    k: () => pick(at - 1),
    " ": () => player.current?.toggle(),
  });
  return (
    <div className={css.desk}>
      <ol className={css.list} aria-labelledby="changes">
        {entries.map((entry, place) => (
          <li key={entry.key}>
            <button
              type="button"
              className={css.choice}
              data-row=""
              aria-current={place === at ? "true" : undefined}
              onClick={() => pick(place)}
            >
              <span>{where(entry.source, entry.storeId)}</span>
              <Scores entry={entry} />
              <small>
                {entry.label} · <When entry={entry} />
              </small>
            </button>
          </li>
        ))}
      </ol>
      <Panel className={css.card}>
        <Films key={shown.key} entry={shown} comparison={comparison} player={player} />
        <p className="dim">{t`J and K go on and back, space plays.`}</p>
      </Panel>
    </div>
  );
}

function When({ entry }: { entry: Entry }) {
  const { moment } = useFormat(useZone()(entry.storeId));
  return <span className="numbers">{moment(entry.since)}</span>;
}

function Scores({ entry: { scores } }: { entry: Entry }) {
  const { score } = useFormat();
  const [before, after] = scores.map((each) => (each === null ? "–" : score(each)));
  return (
    <b>
      {before} → {after}
    </b>
  );
}

/** One film where the moment is the same, two where it moved. */
function Films({
  entry,
  comparison: { run, against },
  player,
}: {
  entry: Entry;
  comparison: Comparison;
  player: React.RefObject<PlayerHandle | null>;
}) {
  const named = useRunName();
  const { against: before, run: after } = entry;
  const { source, label } = entry;
  const isMoved = before !== null && after !== null;
  if (!isMoved)
    return (
      <>
        <Moment ref={player} place={entry.place} label={`${source}: ${label}`} />
        <SideLine
          name={after ? named(run) : before ? named(against) : null}
          side={after ?? before}
        />
      </>
    );
  return (
    <div className={css.sides}>
      {[
        { name: named(against), side: before, ref: undefined },
        { name: named(run), side: after, ref: player },
      ].map(({ name, side, ref }) => (
        <div key={side.alert_id} className={css.live}>
          <Moment
            ref={ref}
            autoPlay={ref !== undefined}
            place={{
              ...entry.place,
              since: side.started_at,
              until: side.ended_at,
              startS: side.start_s,
            }}
            label={`${name}: ${label}`}
          />
          <SideLine name={name} side={side} />
        </div>
      ))}
    </div>
  );
}

function SideLine({ name, side }: { name: string | null; side: AlertSide | null }) {
  const { t } = useLingui();
  const { score, duration } = useFormat();
  if (!name || !side) return null;
  const { verdict, peak_score, start_s, end_s, alert_id } = side;
  const peak = score(peak_score);
  return (
    <p className={ui.facts}>
      <strong>{name}</strong>
      <span>{t`peak ${peak}`}</span>
      <span>{duration(Math.max(1, Math.round(end_s - start_s)))}</span>
      {verdict !== null && (
        <Badge tone={verdict ? "good" : "bad"}>{verdict ? t`True` : t`False`}</Badge>
      )}
      <Link to="/alerts/$alertId" params={{ alertId: alert_id }}>{t`The alert`}</Link>
    </p>
  );
}
