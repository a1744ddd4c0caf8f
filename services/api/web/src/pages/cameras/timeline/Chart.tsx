// Many cameras over time: panned and zoomed by pointer, wheel, fingers or keys.

import { useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import {
  type KeyboardEvent,
  type PointerEvent,
  type Ref,
  useEffect,
  useEffectEvent,
  useImperativeHandle,
  useRef,
} from "react";
import { useFormat } from "@/i18n/format";
import { useLive, useStream } from "@/live/live";
import { colours, useThemeTurn } from "@/ui/colours";
import { AXIS, type Palette, paint, ROW, TOKENS } from "./paint";
import { API, Tiles } from "./tiles";
import css from "./timeline.module.css";
import { DAY, holding, panned, type Tick, type View, zoomed } from "./view";

export type ChartRow = { sourceId: string; name: string };
export type ChartHandle = {
  /** Another stretch of time. */
  show(view: View): void;
  /** Where the playhead is; the view follows it. */
  point(at: number): void;
  view(): View;
};
type Cursor = { sourceId: string; at: number };

const CLICK = 4;
const SETTLED_MS = 150;
/** Camera-wide events are taken from one stream; more names than these would not fit a URL. */
const MOST_NAMED = 40;

export function Chart({
  ref,
  rows,
  zone,
  first,
  cursor,
  onCursor,
  onView,
  ofOne,
}: {
  ref: Ref<ChartHandle>;
  rows: ChartRow[];
  zone: string;
  first: View;
  cursor: Cursor | null;
  onCursor: (cursor: Cursor, isChosen: boolean) => void;
  onView: (view: View) => void;
  /** Its name is left out. */
  ofOne: boolean;
}) {
  const { t } = useLingui();
  const format = useFormat(zone);
  const theme = useThemeTurn();
  const canvas = useRef<HTMLCanvasElement>(null);
  const view = useRef(first);
  const playhead = useRef(cursor?.at ?? null);
  const tiles = useRef<Tiles>(undefined);
  const frame = useRef(0);
  const settled = useRef<ReturnType<typeof setTimeout>>(undefined);
  const palette = useRef<Palette>(undefined);
  const pointers = useRef(new Map<number, number>());
  const dragged = useRef({ from: 0, by: 0 });

  const draw = useEffectEvent(() => {
    frame.current = 0;
    const shown = canvas.current;
    if (!shown || !tiles.current) return;
    palette.current ??= colours(shown, ...TOKENS);
    const word = ({ at, form }: Tick) => format[form](new Date(at));
    paint(shown, tiles.current, {
      sourceIds: rows.map(({ sourceId }) => sourceId),
      view: view.current,
      zone,
      now: Date.now(),
      selected: cursor?.sourceId ?? null,
      cursor: playhead.current,
      palette: palette.current,
      word,
    });
  });
  const ask = () => {
    frame.current ||= requestAnimationFrame(() => draw());
  };
  const settle = useEffectEvent(() => {
    const width = canvas.current?.clientWidth ?? 0;
    const ids = rows.map(({ sourceId }) => sourceId);
    tiles.current?.want(ids, view.current, width, cursor?.sourceId ?? null);
    onView(view.current);
  });
  const show = (wanted: View) => {
    view.current = wanted;
    ask();
    clearTimeout(settled.current);
    settled.current = setTimeout(() => settle(), SETTLED_MS);
  };
  const point = (at: number) => {
    playhead.current = at;
    const held = holding(view.current, at);
    if (held === view.current) ask();
    else show(held);
  };
  useImperativeHandle(ref, () => ({ show, point, view: () => view.current }));

  // biome-ignore lint/correctness/useExhaustiveDependencies: `show` and `ask` only touch refs
  useEffect(() => {
    const shown = canvas.current;
    if (!shown) return;
    const changed = () => {
      ask();
      clearTimeout(settled.current);
      settled.current = setTimeout(() => settle(), SETTLED_MS);
    };
    tiles.current ??= new Tiles(API, changed);
    const observer = new ResizeObserver(() => show(view.current));
    observer.observe(shown);
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      const length = view.current.to - view.current.from;
      const at = view.current.from + (event.offsetX / shown.clientWidth) * length;
      const sideways = event.shiftKey ? event.deltaY : event.deltaX;
      if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY))
        show(panned(view.current, sideways / shown.clientWidth));
      else show(zoomed(view.current, Math.exp(event.deltaY / 400), at));
    };
    shown.addEventListener("wheel", wheel, { passive: false });
    return () => {
      observer.disconnect();
      shown.removeEventListener("wheel", wheel);
      clearTimeout(settled.current);
      cancelAnimationFrame(frame.current);
      frame.current = 0;
    };
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is drawn changes with these
  useEffect(() => {
    palette.current = undefined;
    playhead.current = cursor?.at ?? playhead.current;
    show(view.current);
  }, [theme, rows, zone, cursor?.sourceId, cursor?.at, format]);

  useLive(({ name, data }) => {
    const at = Date.parse(String(data.started_at ?? data.at ?? ""));
    const isOf = name.startsWith("alert.") || name === "health";
    if (isOf && data.source_id && !Number.isNaN(at)) tiles.current?.outdate(data.source_id, at);
  });
  const named = rows.length <= MOST_NAMED ? rows.map(({ sourceId }) => sourceId) : undefined;
  useStream({ kind: ["scores"], score_every_s: 2, source_id: named }, ({ name, data }) => {
    if (name !== "score" || !data.source_id) return;
    const [from, to] = [Date.parse(String(data.at)), Date.parse(String(data.until))];
    tiles.current?.take(data.source_id, from, to, Number(data.calibrated));
  });

  const timeOf = (event: PointerEvent<HTMLElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const share = (event.clientX - box.left) / box.width;
    return view.current.from + share * (view.current.to - view.current.from);
  };
  const onDown = (event: PointerEvent<HTMLCanvasElement>) => {
    event.currentTarget.setPointerCapture(event.pointerId);
    pointers.current.set(event.pointerId, event.clientX);
    dragged.current = { from: event.clientX, by: 0 };
  };
  const onMove = (event: PointerEvent<HTMLCanvasElement>) => {
    const before = pointers.current.get(event.pointerId);
    if (before === undefined) return;
    const width = event.currentTarget.clientWidth;
    const other = [...pointers.current].find(([id]) => id !== event.pointerId)?.[1];
    pointers.current.set(event.pointerId, event.clientX);
    dragged.current.by = Math.max(
      dragged.current.by,
      Math.abs(event.clientX - dragged.current.from),
    );
    if (other === undefined) show(panned(view.current, (before - event.clientX) / width));
    else {
      const apart = Math.max(Math.abs(event.clientX - other), 8);
      show(zoomed(view.current, Math.max(Math.abs(before - other), 8) / apart, timeOf(event)));
      dragged.current.by = width;
    }
  };
  const onUp = (event: PointerEvent<HTMLCanvasElement>) => {
    pointers.current.delete(event.pointerId);
    if (event.type !== "pointerup" || dragged.current.by > CLICK) return;
    const y = event.clientY - event.currentTarget.getBoundingClientRect().top - AXIS;
    const row =
      rows[Math.floor(y / ROW)] ?? rows.find((each) => each.sourceId === cursor?.sourceId);
    if (row) onCursor({ sourceId: row.sourceId, at: Math.min(timeOf(event), Date.now()) }, true);
  };

  const onKey = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const length = view.current.to - view.current.from;
    const middle = (view.current.from + view.current.to) / 2;
    const at = playhead.current ?? middle;
    const place = Math.max(
      0,
      rows.findIndex(({ sourceId }) => sourceId === cursor?.sourceId),
    );
    const go = (to: number, row = place, isChosen = false) => {
      const found = rows[row];
      if (!found) return;
      point(Math.min(to, Date.now()));
      onCursor({ sourceId: found.sourceId, at: Math.min(to, Date.now()) }, isChosen);
    };
    const by = event.shiftKey ? length / 10 : length / 100;
    const keys = new Map<string, () => void>([
      ["ArrowLeft", () => go(at - by)],
      ["ArrowRight", () => go(at + by)],
      ["ArrowUp", () => go(at, place - 1)],
      ["ArrowDown", () => go(at, place + 1)],
      ["PageUp", () => show(panned(view.current, -0.8))],
      ["PageDown", () => show(panned(view.current, 0.8))],
      ["+", () => show(zoomed(view.current, 0.5, at))],
      ["-", () => show(zoomed(view.current, 2, at))],
      ["End", () => go(Date.now())],
      ["Enter", () => go(at, place, true)],
      [" ", () => go(at, place, true)],
      ["n", () => toAlert(1)],
      ["p", () => toAlert(-1)],
    ]);
    const toAlert = (direction: 1 | -1) => {
      const sourceId = rows[place]?.sourceId;
      const alerts = sourceId ? [...(tiles.current?.row(sourceId).alerts.values() ?? [])] : [];
      const others = alerts.filter(({ from }) => (from - at) * direction > 500);
      const next = others.toSorted((one, other) => (one.from - other.from) * direction)[0];
      if (next) go(next.from);
    };
    const deed = keys.get(event.key);
    if (!deed) return;
    event.preventDefault();
    deed();
  };
  const chosen = rows.find(({ sourceId }) => sourceId === cursor?.sourceId);
  const now = Date.now();
  return (
    <div className={css.chart} data-single={ofOne || undefined}>
      <ul className={css.names}>
        {rows.map(({ sourceId, name }) => (
          <li key={sourceId}>
            <Link to="/cameras/$sourceId" params={{ sourceId }} title={name}>
              {name}
            </Link>
          </li>
        ))}
      </ul>
      <canvas
        ref={canvas}
        className={css.canvas}
        style={{ height: AXIS + ROW * rows.length }}
        tabIndex={0}
        role="slider"
        aria-label={t`Time: arrow keys move and choose the camera, plus and minus zoom, Enter plays, N and P go to alerts`}
        aria-valuemin={Math.round((now - 400 * DAY) / 1000)}
        aria-valuemax={Math.round(now / 1000)}
        aria-valuenow={Math.round((cursor?.at ?? now) / 1000)}
        aria-valuetext={`${chosen?.name ?? ""} ${format.moment(new Date(cursor?.at ?? now))}`}
        onPointerDown={onDown}
        onPointerMove={onMove}
        onPointerUp={onUp}
        onPointerCancel={onUp}
        onDoubleClick={(event) => {
          const share = event.nativeEvent.offsetX / event.currentTarget.clientWidth;
          const { from, to } = view.current;
          show(zoomed(view.current, 0.25, from + share * (to - from)));
        }}
        onKeyDown={onKey}
      />
    </div>
  );
}
