// A picture of a moment as a button: its time, its score, and a bar as long as the score is high.

import { useLingui } from "@lingui/react/macro";
import { useState } from "react";
import { useFormat } from "@/i18n/format";
import css from "./video.module.css";

export function Shot({
  src,
  seconds,
  score,
  high = false,
  act,
}: {
  src: string;
  seconds: number;
  /** Null: nothing was scored. */
  score: number | null;
  /** Whether the score reaches a mark. */
  high?: boolean;
  act: () => void;
}) {
  const { t } = useLingui();
  const { clock, score: written } = useFormat();
  const [isMissing, setMissing] = useState(false);
  const when = clock(seconds, true);
  return (
    <button
      type="button"
      className={css.shot}
      data-high={high || undefined}
      aria-label={score === null ? t`Go to ${when}` : t`Go to ${when}, score ${written(score)}`}
      onClick={act}
    >
      {isMissing ? (
        <span className={css.missing} />
      ) : (
        <img src={src} alt="" loading="lazy" decoding="async" onError={() => setMissing(true)} />
      )}
      <span className={css.caption}>
        {when} {score !== null && <b>{written(score)}</b>}
      </span>
      {score !== null && <i style={{ width: `${Math.round(score * 100)}%` }} />}
    </button>
  );
}
