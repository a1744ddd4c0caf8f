// One camera's screen: its newest picture and how old that is.

import { useLingui } from "@lingui/react/macro";
import { type ReactNode, type Ref, useEffect, useImperativeHandle, useRef, useState } from "react";
import { useFormat } from "@/i18n/format";
import { joined } from "@/ui/controls";
import { drawPicture } from "./draw";
import css from "./live.module.css";
import type { LiveHeader } from "./socket";

const LATE_S = 6;
const TICK_MS = 1000;

export type ScreenHandle = { show(header: LiveHeader, jpeg: Blob): Promise<void> };

/** `children` lie over the picture; `empty` stands there until the first one comes. */
export function Screen({
  ref,
  label,
  children,
  empty,
  className,
}: {
  ref: Ref<ScreenHandle>;
  label: string;
  children?: ReactNode;
  empty?: string;
  className?: string;
}) {
  const { t } = useLingui();
  const { number } = useFormat();
  const canvas = useRef<HTMLCanvasElement>(null);
  const taken = useRef<number | null>(null);
  const turns = useRef({ begun: 0, shown: 0 });
  const [age, setAge] = useState<number | null>(null);
  const [shape, setShape] = useState("16 / 9");

  useImperativeHandle(ref, () => ({
    /** Pictures that are decoded late are not drawn over newer ones. */
    async show(header, jpeg) {
      turns.current.begun += 1;
      const turn = turns.current.begun;
      const picture = await createImageBitmap(jpeg).catch(() => null);
      if (!picture) return;
      if (canvas.current && turn > turns.current.shown) {
        turns.current.shown = turn;
        drawPicture(canvas.current, picture, header.people ?? []);
        setShape(`${picture.width} / ${picture.height}`);
        const behind = Date.parse(header.now) - Date.parse(header.at ?? header.now);
        if (taken.current === null) setAge(behind / 1000);
        taken.current = Date.now() - behind;
      }
      picture.close();
    },
  }));
  useEffect(() => {
    const tick = () => taken.current !== null && setAge((Date.now() - taken.current) / 1000);
    const timer = setInterval(tick, TICK_MS);
    return () => clearInterval(timer);
  }, []);

  const isLate = age !== null && age > LATE_S;
  const seconds = number(Math.max(0, age ?? 0));
  return (
    <div
      className={joined(css.screen, className)}
      style={{ aspectRatio: shape }}
      data-late={isLate || undefined}
    >
      <canvas ref={canvas} role="img" aria-label={label} width={640} height={360} />
      {age === null && (
        <span className={css.nothing}>{empty ?? t`Waiting for the first picture…`}</span>
      )}
      {children}
      {age !== null && (
        <span className={joined(css.age, isLate && css.late)}>{t`${seconds} s ago`}</span>
      )}
    </div>
  );
}
