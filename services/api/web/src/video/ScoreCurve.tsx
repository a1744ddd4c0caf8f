// The score curve: a line a head with its high mark, alerts as bands, a playhead, a tip under the
// pointer. Click, drag or use the arrow keys to seek.

import { useLingui } from "@lingui/react/macro";
import {
  type KeyboardEvent,
  type PointerEvent,
  useEffect,
  useEffectEvent,
  useRef,
  useState,
} from "react";
import { useTheme } from "@/app/theme";
import { useFormat } from "@/i18n/format";
import { PAD, paint } from "./paint";
import { type Band, type Line, scoresAt } from "./series";
import css from "./video.module.css";

const KEYS_S: Record<string, number> = {
  ArrowLeft: -1,
  ArrowRight: 1,
  ArrowDown: -1,
  ArrowUp: 1,
  PageDown: -10,
  PageUp: 10,
};

type Props = {
  label: string;
  lines: Line[];
  bands?: Band[];
  /** What is shown, in the seconds of `lines`. */
  fromS?: number;
  untilS: number;
  /** Where the playhead stands; null: there is none. */
  atS?: number | null;
  onSeek?: (seconds: number) => void;
  /** How a moment is written; as a position in a video unless given. */
  moment?: (seconds: number, exactly: boolean) => string;
  height?: number;
};

export function ScoreCurve({
  label,
  lines,
  bands = [],
  fromS = 0,
  untilS,
  atS = null,
  onSeek,
  moment,
  height = 132,
}: Props) {
  const { t } = useLingui();
  const { clock, score } = useFormat();
  const [pointer, setPointer] = useState<number | null>(null);
  const place = useRef<HTMLDivElement>(null);
  const words = moment ?? clock;
  const canvas = useCanvas({
    lines,
    bands,
    fromS,
    untilS,
    tick: (seconds) => words(seconds, false),
    markName: (mark) => t`high mark ${score(mark)}`,
  });
  const within = (seconds: number) => Math.min(Math.max(seconds, fromS), untilS);
  const timeOf = (event: PointerEvent) => {
    const box = place.current?.getBoundingClientRect();
    if (!box) return fromS;
    const share = (event.clientX - box.left - PAD.left) / (box.width - PAD.left - PAD.right);
    return within(fromS + share * (untilS - fromS));
  };
  const grab = (event: PointerEvent) => {
    place.current?.setPointerCapture(event.pointerId);
    onSeek?.(timeOf(event));
  };
  const move = (event: PointerEvent) => {
    const seconds = timeOf(event);
    setPointer(seconds);
    if (event.buttons) onSeek?.(seconds);
  };
  const key = (event: KeyboardEvent) => {
    const jumps: Record<string, number> = { Home: fromS, End: untilS };
    const step = KEYS_S[event.key];
    const to = step === undefined ? jumps[event.key] : (atS ?? fromS) + step;
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    onSeek?.(within(to));
  };
  const slider = onSeek && {
    role: "slider",
    tabIndex: 0,
    "aria-valuemin": Math.floor(fromS),
    "aria-valuemax": Math.ceil(untilS),
    "aria-valuenow": Math.round(atS ?? fromS),
    "aria-valuetext": words(atS ?? fromS, true),
    onPointerDown: grab,
    onKeyDown: key,
  };
  return (
    <div
      ref={place}
      className={css.curve}
      style={{ height }}
      role="img"
      aria-label={label}
      onPointerMove={move}
      onPointerLeave={() => setPointer(null)}
      {...slider}
    >
      <canvas ref={canvas} />
      {atS !== null && (
        <div className={css.playhead} style={{ left: across(atS, fromS, untilS) }} />
      )}
      {pointer !== null && (
        <div className={css.tip} style={{ left: across(pointer, fromS, untilS) }}>
          <span data-after={pointer > (fromS + untilS) / 2 || undefined}>
            <b>{words(pointer, true)}</b>
            {scoresAt(lines, pointer).map((value, number) => (
              <span key={lines[number]?.rule}>
                {lines.length > 1 ? `${lines[number]?.label} ` : ""}
                {value === null ? "–" : score(value)}
              </span>
            ))}
          </span>
        </div>
      )}
    </div>
  );
}

/** Which colour is which head, with its mark; nothing where there is one line alone. */
export function Legend({ lines }: { lines: Line[] }) {
  const { t } = useLingui();
  const { score } = useFormat();
  if (lines.length < 2) return null;
  return (
    <ul className={css.legend}>
      {lines.map(({ rule, label, mark, colour }) => {
        const height = mark === null ? "" : score(mark);
        return (
          <li key={rule}>
            <i style={{ background: `var(--${colour})` }} />
            {label} {height && <span className="dim">{t`high mark ${height}`}</span>}
          </li>
        );
      })}
    </ul>
  );
}

function across(seconds: number, fromS: number, untilS: number): string {
  const share = Math.min(Math.max((seconds - fromS) / Math.max(untilS - fromS, 1e-6), 0), 1);
  return `calc(${PAD.left}px + ${share} * (100% - ${PAD.left + PAD.right}px))`;
}

/** Drawn anew when what it shows, its size or the theme changes. */
function useCanvas(scene: Parameters<typeof paint>[1]) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = useTheme();
  const draw = useEffectEvent(() => canvas.current && paint(canvas.current, scene));
  const { lines, bands, fromS, untilS } = scene;
  // biome-ignore lint/correctness/useExhaustiveDependencies: these are when it is drawn anew
  useEffect(() => {
    draw();
  }, [lines, bands, fromS, untilS, theme]);
  useEffect(() => {
    if (!canvas.current) return;
    const observer = new ResizeObserver(() => draw());
    observer.observe(canvas.current);
    const scheme = window.matchMedia("(prefers-color-scheme: dark)");
    const again = () => draw();
    scheme.addEventListener("change", again);
    return () => {
      observer.disconnect();
      scheme.removeEventListener("change", again);
    };
  }, []);
  return canvas;
}
