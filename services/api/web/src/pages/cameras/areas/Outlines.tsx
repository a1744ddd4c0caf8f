// The areas over the picture; those of the chosen one have corners to be moved.

import { useLingui } from "@lingui/react/macro";
import { type KeyboardEvent, type PointerEvent, useRef } from "react";
import { joined } from "@/ui/controls";
import { type Area, nudged, type Point, withCorner, withMiddle, withoutCorner } from "./areas";
import css from "./areas.module.css";

export function Outlines({
  areas,
  chosen,
  choose,
  change,
}: {
  areas: Area[];
  chosen: number | null;
  choose: (key: number) => void;
  change: (area: Area) => void;
}) {
  const current = areas.find(({ key }) => key === chosen);
  return (
    <>
      <svg className={css.layer} viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
        {areas.map(({ key, kind, points }) => (
          <polygon
            key={key}
            points={points.map((point) => point.join(",")).join(" ")}
            className={joined(css[kind], key === chosen && css.chosen)}
            onPointerDown={() => choose(key)}
          />
        ))}
      </svg>
      {areas.map(({ key, kind, name, points }) =>
        kind === "zone" && points[0] ? (
          <span key={key} className={css.name} style={place(points[0])}>
            {name}
          </span>
        ) : null,
      )}
      {current?.points.map((point, number) => (
        <Corner
          // biome-ignore lint/suspicious/noArrayIndexKey: a corner is its place in the polygon
          key={number}
          area={current}
          number={number}
          point={point}
          change={change}
        />
      ))}
    </>
  );
}

export function place([x, y]: Point) {
  return { left: `${x * 100}%`, top: `${y * 100}%` };
}

/** Where a pointer is, in shares of the picture that `element` lies in. */
export function pointOf(event: PointerEvent, element: Element | null | undefined): Point {
  const box = (element ?? event.currentTarget).getBoundingClientRect();
  return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
}

function Corner({
  area,
  number,
  point,
  change,
}: {
  area: Area;
  number: number;
  point: Point;
  change: (area: Area) => void;
}) {
  const { t } = useLingui();
  const isHeld = useRef(false);
  const count = number + 1;
  const name = area.name || t`Mask`;
  const onKey = (event: KeyboardEvent) => {
    const to = nudged(point, event.key, event.shiftKey);
    const fewer = withoutCorner(area, number);
    if (to) change(withCorner(area, number, to));
    else if (event.key === "Delete" && fewer) change(fewer);
    else if (event.key === "Insert" || event.key === "+") change(withMiddle(area, number));
    else return;
    event.preventDefault();
  };
  return (
    <button
      type="button"
      className={css.corner}
      style={place(point)}
      aria-label={t`Corner ${count} of ${name}`}
      title={t`Move by arrow keys; + adds a corner, Delete removes it`}
      onKeyDown={onKey}
      onDoubleClick={() => change(withMiddle(area, number))}
      onPointerDown={(event) => {
        isHeld.current = true;
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerUp={() => {
        isHeld.current = false;
      }}
      onPointerMove={(event) => {
        if (isHeld.current)
          change(withCorner(area, number, pointOf(event, event.currentTarget.parentElement)));
      }}
    />
  );
}
