// One analysis: the player with its score curve, what was found, the highest moments, the facts.

import { useLingui } from "@lingui/react/macro";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useMemo, useRef, useState } from "react";
import { $api, client, type TimelineView, type VideoView } from "@/api/client";
import { refresh, UNDER_WAY_MS } from "@/api/queries";
import { useMay } from "@/api/session";
import { said } from "@/i18n/said";
import { FaultLine, useAct } from "@/ui/act";
import { Button, buttonClass } from "@/ui/controls";
import { Loaded, Page, Panel } from "@/ui/layout";
import { Confirm } from "@/ui/overlays";
import { notify } from "@/ui/toasts";
import { AddToAlbum } from "@/video/AddToAlbum";
import { Player } from "@/video/Player";
import type { PlayerHandle } from "@/video/playback";
import { ReportMissed } from "@/video/ReportMissed";
import { Shot } from "@/video/Shot";
import { bandsOf, highest, isHigh, linesOf, stepsOf } from "@/video/series";
import look from "@/video/video.module.css";
import { Alerts } from "./Alerts";
import { Facts, Judges } from "./Facts";
import { Frame } from "./Frame";
import { isBusy, isCut, Scoring, StateBadge } from "./progress";
import { Rename } from "./Rename";
import css from "./videos.module.css";

const route = getRouteApi("/shell/videos/$videoId");
const CLIPS_A_PAGE = 50_000;

export function Video() {
  const { videoId } = route.useParams();
  const video = $api.useQuery(
    "get",
    "/api/v1/videos/{video_id}",
    { params: { path: { video_id: videoId } } },
    { refetchInterval: ({ state }) => state.data && isBusy(state.data) && UNDER_WAY_MS },
  );
  const { t } = useLingui();
  if (video.data) return <Analysis key={videoId} video={video.data} />;
  return (
    <Page
      title={t`Video`}
      actions={<Link to="/videos" className={buttonClass()}>{t`All uploads`}</Link>}
    >
      <Loaded query={video} rows={4}>
        {() => null}
      </Loaded>
    </Page>
  );
}

function Analysis({ video }: { video: VideoView }) {
  const { video_id } = video;
  const timeline = $api.useQuery("get", "/api/v1/sources/{source_id}/timeline", {
    params: { path: { source_id: video_id }, query: { limit: CLIPS_A_PAGE } },
  });
  useNews(video, () => timeline.refetch());
  return (
    <Page title={video.filename} actions={<Acts video={video} />}>
      <Standing video={video} />
      {video.state === "failed" && video.clips_scored === 0 ? null : (
        <Stage video={video} timeline={timeline.data} />
      )}
      <Scoring ids={isBusy(video) ? [video_id] : []} />
    </Page>
  );
}

/** Scores that came while nobody listened are asked for once the video got on. */
function useNews(video: VideoView, ask: () => void): void {
  const seen = [video.state, video.clips_scored, video.alert_count].join();
  const before = useRef(seen);
  useEffect(() => {
    if (before.current === seen) return;
    before.current = seen;
    ask();
  }, [seen, ask]);
}

function Acts({ video }: { video: VideoView }) {
  const { t } = useLingui();
  const mayChange = useMay("upload");
  const navigate = useNavigate();
  const { video_id, filename } = video;
  const remove = async () => {
    await client.DELETE("/api/v1/videos/{video_id}", { params: { path: { video_id } } });
    await navigate({ to: "/videos" });
    await refresh("/api/v1/videos");
    notify(t`${filename} was deleted`);
  };
  if (!mayChange) return null;
  return (
    <>
      <AddToAlbum sourceId={video_id} />
      {!isCut(video) && <Pause video={video} />}
      <Rename video={video} />
      <Confirm
        button={t`Delete`}
        title={t`Delete ${filename}?`}
        verb={isBusy(video) ? t`Stop and delete` : t`Delete`}
        act={remove}
      >
        {t`The file goes with all of its scores, alerts and their evidence. This cannot be undone.`}
      </Confirm>
    </>
  );
}

/** Nothing more is cut until somebody has it go on. */
function Pause({ video: { video_id, is_paused } }: { video: VideoView }) {
  const { t } = useLingui();
  const { busy, fault, run } = useAct();
  const turn = () =>
    run(async () => {
      const params = { path: { video_id } };
      await client.PATCH("/api/v1/videos/{video_id}", { params, body: { is_paused: !is_paused } });
      await refresh("/api/v1/videos");
    });
  return (
    <>
      <FaultLine text={fault} />
      <Button busy={busy} onClick={() => void turn()}>
        {is_paused ? t`Go on` : t`Pause`}
      </Button>
    </>
  );
}

/** While it runs, failed, or is not whole; else nothing. */
function Standing({ video }: { video: VideoView }) {
  const { t } = useLingui();
  const { clip_count, clips_missing } = video;
  const missing = clips_missing ? t`${clips_missing} of ${clip_count} clips have no score.` : null;
  const note = said(video.error ?? video.note ?? "") || missing;
  if (!isBusy(video) && !note) return null;
  return (
    <Panel>
      <div className={css.about}>
        <span className={css.facts} role={video.error ? "alert" : undefined}>
          <StateBadge video={video} /> {note}
        </span>
        {isBusy(video) && (
          <progress
            max={1}
            value={video.progress || undefined}
            aria-label={t`Analysis of ${video.filename}`}
          />
        )}
      </div>
    </Panel>
  );
}

function Stage({ video, timeline }: { video: VideoView; timeline: TimelineView | undefined }) {
  const { t } = useLingui();
  const player = useRef<PlayerHandle>(null);
  const now = useRef(0);
  const [frameS, setFrameS] = useState<number | null>(null);
  const { t: startS } = route.useSearch();
  const drawn = useMemo(() => (timeline ? draw(timeline) : null), [timeline]);
  const may = useMay("review");
  const seek = (seconds: number) => player.current?.seek(seconds);
  const src = `/api/v1/videos/${video.video_id}`;
  return (
    <div className={css.columns}>
      <div className={css.column}>
        <Player
          ref={player}
          src={`${src}/media`}
          pieceS={video.piece_s}
          startS={startS}
          label={video.filename}
          durationS={video.duration_s}
          frameRate={video.frame_rate}
          lines={drawn?.lines}
          bands={drawn?.bands}
          isPlayable={video.playable || !isBusy(video)}
          onTime={(seconds) => {
            now.current = seconds;
          }}
          extra={
            <>
              {may && timeline && (
                <ReportMissed
                  look="quiet"
                  sourceId={video.video_id}
                  moment={() => Date.parse(timeline.origin_at) + now.current * 1000}
                />
              )}
              <Button look="quiet" onClick={() => setFrameS(now.current)}>{t`Picture`}</Button>
            </>
          }
        />
        {drawn && drawn.moments.length > 0 && (
          <section className={css.section} aria-labelledby="moments">
            <h2 id="moments">{t`Highest-scored moments`}</h2>
            <div className={look.shots}>
              {drawn.moments.map(({ seconds, score, high }) => (
                <Shot
                  key={seconds}
                  src={`${src}/frame?t=${seconds.toFixed(2)}&width=320`}
                  seconds={seconds}
                  score={score}
                  high={high}
                  act={() => seek(seconds)}
                />
              ))}
            </div>
          </section>
        )}
      </div>
      <div className={css.column}>
        <Alerts video={video} alerts={timeline?.alerts ?? []} seek={seek} />
        <Judges heads={timeline?.heads ?? []} />
        <Facts video={video} />
      </div>
      {frameS !== null && (
        <Frame video={video} startS={frameS} seek={seek} close={() => setFrameS(null)} />
      )}
    </div>
  );
}

function draw(timeline: TimelineView) {
  const steps = stepsOf(timeline);
  return {
    lines: linesOf(steps, timeline.heads),
    bands: bandsOf(timeline.alerts),
    moments: highest(steps).map((step) => ({
      seconds: (step.start_s + step.end_s) / 2,
      score: step.calibrated,
      high: isHigh(step, timeline.heads),
    })),
  };
}
