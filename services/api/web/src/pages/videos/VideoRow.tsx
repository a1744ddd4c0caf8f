import { useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { VideoView } from "@/api/client";
import { useFormat } from "@/i18n/format";
import { said } from "@/i18n/said";
import { Badge } from "@/ui/layout";
import { isBusy, StateBadge } from "./progress";
import css from "./videos.module.css";

/** One analysis in the list: its picture, how far it is, what it found. */
export function VideoRow({ video }: { video: VideoView }) {
  const { t } = useLingui();
  const { ago, bytes, clock, percent } = useFormat();
  const count = video.alert_count;
  const alerts = count === 1 ? t`1 alert` : t`${count} alerts`;
  return (
    <li className={css.row}>
      <Link to="/videos/$videoId" params={{ videoId: video.video_id }} className={css.link}>
        <span className={css.still}>
          {video.state !== "failed" && (
            <Still videoId={video.video_id} atS={video.duration_s ?? 0} />
          )}
          {video.duration_s !== null && (
            <span className={css.length}>{clock(video.duration_s)}</span>
          )}
        </span>
        <span className={css.about}>
          <strong className={css.name}>{video.filename}</strong>
          <span className={css.facts}>
            <StateBadge video={video} />
            {count > 0 && <Badge tone="bad">{alerts}</Badge>}
            {isBusy(video) && <span className="numbers">{percent(video.progress)}</span>}
            <span className="dim">
              {[video.store, bytes(video.size_bytes), ago(video.submitted_at)]
                .filter(Boolean)
                .join(" · ")}
            </span>
          </span>
          {video.error && <span className={css.fault}>{said(video.error)}</span>}
          {isBusy(video) && (
            <progress
              max={1}
              value={video.progress || undefined}
              aria-label={t`Analysis of ${video.filename}`}
            />
          )}
        </span>
      </Link>
    </li>
  );
}

/** A picture from the middle; nothing while there is none. */
function Still({ videoId, atS }: { videoId: string; atS: number }) {
  const [isMissing, setMissing] = useState(false);
  if (isMissing) return null;
  const src = `/api/v1/videos/${videoId}/frame?t=${(atS / 2).toFixed(1)}&width=240`;
  return <img key={src} src={src} alt="" loading="lazy" onError={() => setMissing(true)} />;
}
