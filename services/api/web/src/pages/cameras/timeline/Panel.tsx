// A timeline with its tools: how near, which day, and the recording of what was chosen.

import { useLingui } from "@lingui/react/macro";
import { useEffect, useMemo, useRef, useState } from "react";
import { useFormat } from "@/i18n/format";
import { Button } from "@/ui/controls";
import { Chart, type ChartHandle, type ChartRow } from "./Chart";
import { type Chosen, Recording } from "./Recording";
import css from "./timeline.module.css";
import { around, DAY, HOUR, LONGEST, MINUTE, type View, zoomed } from "./view";
import { dateOf, midnight, momentOf } from "./zones";

const DAYS_SHOWN = 31;
/** The end of the view lies so far after now. */
const AHEAD = 0.02;

export type Place = { at?: string; span?: number; camera?: string };

export function TimelinePanel({
  rows,
  zone,
  place,
  onPlace,
  ofOne = false,
}: {
  rows: ChartRow[];
  zone: string;
  place: Place;
  onPlace: (place: Place) => void;
  /** On the page of the one camera, which says its name already. */
  ofOne?: boolean;
}) {
  const { t } = useLingui();
  const chart = useRef<ChartHandle>(null);
  const [first] = useState(() => firstView(place));
  const [view, setView] = useState(first);
  const [cursor, setCursor] = useState(() => {
    const row = rows.find(({ sourceId }) => sourceId === place.camera) ?? rows[0];
    const at = Date.parse(place.at ?? "") || Date.now();
    return row ? { sourceId: row.sourceId, at } : null;
  });
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const turns = useRef(0);
  const name = rows.find(({ sourceId }) => sourceId === chosen?.sourceId)?.name ?? "";
  const settle = (shown: View) => {
    setView(shown);
    const middle = new Date((shown.from + shown.to) / 2).toISOString();
    const span = Math.round((shown.to - shown.from) / 1000);
    onPlace({ at: middle, span, camera: cursor?.sourceId });
  };
  const spans: [string, number][] = [
    [t`Month`, 30 * DAY],
    [t`Week`, 7 * DAY],
    [t`Day`, DAY],
    [t`Hour`, HOUR],
    [t`Minute`, MINUTE],
  ];
  const length = view.to - view.from;
  const middle = cursor && cursor.at > view.from && cursor.at < view.to ? cursor.at : null;
  const zoom = (factor: number) =>
    chart.current?.show(zoomed(view, factor, middle ?? (view.from + view.to) / 2));
  return (
    <div className={css.panel}>
      <div className={css.tools}>
        <fieldset className={css.spans}>
          <legend className="unseen">{t`Stretch of time`}</legend>
          {spans.map(([word, span]) => (
            <Button
              key={span}
              aria-pressed={Math.abs(length / span - 1) < 0.05}
              onClick={() => chart.current?.show(ending(span, middle))}
            >
              {word}
            </Button>
          ))}
          <Button aria-label={t`Nearer`} disabled={length <= 11_000} onClick={() => zoom(0.5)}>
            +
          </Button>
          <Button aria-label={t`Farther`} disabled={length >= LONGEST} onClick={() => zoom(2)}>
            −
          </Button>
          <Button onClick={() => chart.current?.show(ending(length, null))}>{t`To now`}</Button>
        </fieldset>
        <label className={css.date}>
          <span className="unseen">{t`Day`}</span>
          <input
            type="date"
            value={dateOf(zone, (view.from + view.to) / 2)}
            max={dateOf(zone, Date.now())}
            onChange={({ target }) => {
              const from = momentOf(zone, target.value);
              if (!Number.isNaN(from)) chart.current?.show({ from, to: midnight(zone, from, 1) });
            }}
          />
        </label>
      </div>
      <Days zone={zone} view={view} onChoose={(day) => chart.current?.show(day)} />
      {chosen && (
        <Recording
          chosen={chosen}
          name={name}
          zone={zone}
          onTime={(at) => chart.current?.point(at)}
          onClose={() => setChosen(null)}
        />
      )}
      <Chart
        ref={chart}
        ofOne={ofOne}
        rows={rows}
        zone={zone}
        first={first}
        cursor={cursor}
        onCursor={(next, isChosen) => {
          setCursor(next);
          if (!isChosen) return;
          turns.current += 1;
          setChosen({ ...next, turn: turns.current });
        }}
        onView={settle}
      />
      <Legend />
    </div>
  );
}

/** The latest days, each one click away. */
function Days({
  zone,
  view,
  onChoose,
}: {
  zone: string;
  view: View;
  onChoose: (day: View) => void;
}) {
  const { t } = useLingui();
  const format = useFormat(zone);
  const list = useRef<HTMLDivElement>(null);
  const today = midnight(zone, Date.now());
  const days = useMemo(
    () =>
      Array.from({ length: DAYS_SHOWN }, (_, number) => {
        const from = midnight(zone, today, number - DAYS_SHOWN + 1);
        return { from, to: midnight(zone, from, 1) };
      }),
    [zone, today],
  );
  useEffect(() => {
    if (list.current) list.current.scrollLeft = list.current.scrollWidth;
  }, []);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset does not scroll in all browsers
    <div ref={list} className={css.days} role="group" aria-label={t`Days to go to`}>
      {days.map((day) => (
        <button
          key={day.from}
          type="button"
          aria-pressed={day.from >= view.from - MINUTE && day.to <= view.to + MINUTE}
          onClick={() => onChoose(day)}
        >
          {format.day(new Date(day.from))}
        </button>
      ))}
    </div>
  );
}

function Legend() {
  const { t } = useLingui();
  const words: [string, string][] = [
    ["scored", t`Score`],
    ["high", t`At the mark or above`],
    ["alert", t`Alert`],
    ["recorded", t`Recorded`],
    ["still", t`Nothing moves`],
    ["offline", t`No picture`],
    ["wrong", t`Something else is wrong`],
    ["none", t`Not scored`],
  ];
  return (
    <ul className={css.legend}>
      {words.map(([kind, word]) => (
        <li key={kind}>
          <span className={css[kind]} />
          {word}
        </li>
      ))}
    </ul>
  );
}

function firstView({ at, span }: Place): View {
  const moment = Date.parse(at ?? "");
  if (Number.isNaN(moment)) return ending((span ?? DAY / 1000) * 1000, null);
  return around(moment, (span ?? HOUR / 1000) * 1000);
}

/** So long a stretch around a moment, or up to now. */
function ending(span: number, at: number | null): View {
  if (at !== null && at < Date.now() - span / 2) return around(at, span);
  const to = Date.now() + span * AHEAD;
  return { from: to - span, to };
}
