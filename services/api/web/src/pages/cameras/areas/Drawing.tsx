// A new area in the making: each click, or Enter at the cross, sets a corner.

import { useLingui } from "@lingui/react/macro";
import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from "react";
import { Button } from "@/ui/controls";
import { type Kind, MOST_CORNERS, nudged, type Point } from "./areas";
import css from "./areas.module.css";
import { place, pointOf } from "./Outlines";

const CLOSE = 0.025;

export function Drawing({
  kind,
  onDone,
  onCancel,
}: {
  kind: Kind;
  onDone: (points: Point[]) => void;
  onCancel: () => void;
}) {
  const { t } = useLingui();
  const surface = useRef<HTMLDivElement>(null);
  const [points, setPoints] = useState<Point[]>([]);
  const [cross, setCross] = useState<Point>([0.5, 0.5]);
  useEffect(() => surface.current?.focus(), []);
  const isWhole = points.length >= 3;
  const add = (point: Point) => {
    const [first] = points;
    const isClosing = first && Math.hypot(point[0] - first[0], point[1] - first[1]) < CLOSE;
    if (isClosing && isWhole) onDone(points);
    else if (points.length < MOST_CORNERS) setPoints([...points, point]);
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.target !== surface.current) return;
    const to = nudged(cross, event.key, event.shiftKey);
    if (to) setCross(to);
    else if (event.key === "Enter" || event.key === " ") add(cross);
    else if (event.key === "Backspace") setPoints(points.slice(0, -1));
    else if (event.key === "Escape") onCancel();
    else return;
    event.preventDefault();
  };
  const onPointer = (event: PointerEvent<HTMLDivElement>) => {
    if (event.target !== surface.current) return;
    const point = pointOf(event, surface.current);
    setCross(point);
    if (event.type === "pointerdown") add(point);
  };
  const line = [...points, cross].map((point) => point.join(",")).join(" ");
  return (
    <div
      ref={surface}
      role="application"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it is drawn on by keyboard, too
      tabIndex={0}
      className={css.surface}
      aria-label={t`Move the cross by arrow keys, set a corner by Enter, take it back by Backspace, give up by Escape.`}
      onKeyDown={onKey}
      onPointerDown={onPointer}
      onPointerMove={onPointer}
    >
      <svg className={css.layer} viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
        <polygon points={line} className={css[kind]} />
      </svg>
      {points.map((point) => (
        <span key={point.join()} className={css.dot} style={place(point)} />
      ))}
      <span className={css.cross} style={place(cross)} />
      <span className={css.tools}>
        <Button
          look="primary"
          disabled={!isWhole}
          onClick={() => onDone(points)}
        >{t`Close the area`}</Button>
        <Button onClick={onCancel}>{t`Cancel`}</Button>
      </span>
    </div>
  );
}
