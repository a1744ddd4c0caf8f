import { useLingui } from "@lingui/react/macro";
import type { HeadView, VideoView } from "@/api/client";
import { useFormat } from "@/i18n/format";
import { said } from "@/i18n/said";
import { Panel } from "@/ui/layout";
import { useZone } from "@/ui/stores";
import css from "./videos.module.css";

/** What gave the scores, said plainly; names of models for who needs them. */
export function Judges({ heads }: { heads: HeadView[] }) {
  const { t } = useLingui();
  const { score } = useFormat();
  if (!heads.length) return null;
  return (
    <Panel>
      <section className={css.section} aria-labelledby="judges">
        <h2 id="judges">{t`Judged by`}</h2>
        <dl className={css.table}>
          {heads.map(({ rule, label, high_mark }) => (
            <div key={rule} style={{ display: "contents" }}>
              <dt>{said(label)}</dt>
              <dd className="numbers">
                {high_mark === null ? "–" : t`high mark ${score(high_mark)}`}
              </dd>
            </div>
          ))}
        </dl>
        <details className={css.more}>
          <summary>{t`Models in detail`}</summary>
          {heads.map((head) => (
            <dl key={head.rule} className={css.table}>
              <dt>{t`Looks for`}</dt>
              <dd>{said(head.label)}</dd>
              <dt>{t`Model`}</dt>
              <dd>{head.model_id}</dd>
              <dt>{t`Head`}</dt>
              <dd>{head.head}</dd>
              <dt>{t`Backbone`}</dt>
              <dd>{head.backbone}</dd>
              <dt>{t`Detector`}</dt>
              <dd>{head.detector}</dd>
            </dl>
          ))}
        </details>
      </section>
    </Panel>
  );
}

export function Facts({ video }: { video: VideoView }) {
  const { t } = useLingui();
  const { bytes, clock, moment, number } = useFormat(useZone()(video.store_id));
  const { width, height, frame_rate, codec } = video;
  const facts: [string, string | null][] = [
    [t`Store`, video.store],
    [t`Length`, video.duration_s === null ? null : clock(video.duration_s)],
    [t`Picture`, width && height ? `${width} × ${height}` : null],
    [t`Frames a second`, frame_rate ? number(frame_rate) : null],
    [t`Coding`, codec],
    [t`Size`, bytes(video.size_bytes)],
    [t`Recorded at`, video.recorded_at && moment(video.recorded_at)],
    [t`Handed in`, moment(video.submitted_at)],
    [t`Clips scored`, video.clip_count ? `${video.clips_scored} / ${video.clip_count}` : null],
  ];
  return (
    <Panel>
      <section className={css.section} aria-labelledby="facts">
        <h2 id="facts">{t`Video`}</h2>
        <dl className={css.table}>
          {facts.map(([name, value]) =>
            value ? (
              <div key={name} style={{ display: "contents" }}>
                <dt>{name}</dt>
                <dd className="numbers">{value}</dd>
              </div>
            ) : null,
          )}
        </dl>
      </section>
    </Panel>
  );
}
