// What was recorded of a camera from a moment on; it goes on until nothing more was.

import { useLingui } from "@lingui/react/macro";
import { useEffect, useEffectEvent, useRef, useState } from "react";
import { useMay } from "@/api/session";
import { useFormat } from "@/i18n/format";
import { Button } from "@/ui/controls";
import { sentence } from "@/ui/layout";
import { ReportMissed } from "@/video/ReportMissed";
import { fetchStretch, type Stretch } from "@/video/recording";
import css from "./timeline.module.css";

/** `turn` grows with each choice, so that the same moment can be chosen again. */
export type Chosen = { sourceId: string; at: number; turn: number };
type State = { stretch: Stretch | null; note: string };

export function Recording({
  chosen,
  name,
  zone,
  onTime,
  onClose,
}: {
  chosen: Chosen;
  name: string;
  zone: string;
  onTime: (at: number) => void;
  onClose: () => void;
}) {
  const { t } = useLingui();
  const may = useMay("review");
  const format = useFormat(zone);
  const video = useRef<HTMLVideoElement>(null);
  const wanted = useRef(chosen.at);
  const aborter = useRef<AbortController>(undefined);
  const [{ stretch, note }, setState] = useState<State>({ stretch: null, note: "" });
  const [shownAt, setShownAt] = useState(chosen.at);

  const load = useEffectEvent(async (at: number) => {
    aborter.current?.abort();
    const own = new AbortController();
    aborter.current = own;
    wanted.current = at;
    setState((before) => ({ ...before, note: t`Looking for the recording…` }));
    try {
      const waiting = () =>
        setState((before) => ({ ...before, note: t`The recording is on its way…` }));
      const found = await fetchStretch(chosen.sourceId, at, own.signal, waiting);
      setState({ stretch: found, note: "" });
    } catch (error) {
      if (own.signal.aborted) return;
      setState({
        stretch: null,
        note: sentence(error, t`Nightclerk cannot be reached. Is it running?`),
      });
    }
  });
  const seek = useEffectEvent(() => {
    const { at, sourceId } = chosen;
    setShownAt(at);
    const isOfIt =
      stretch?.url.includes(sourceId) && at >= stretch.startedAt && at < stretch.endedAt;
    if (!isOfIt || !stretch || !video.current) return void load(at);
    video.current.currentTime = (at - stretch.startedAt) / 1000;
    void video.current.play().catch(() => undefined);
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: each choice is to be played
  useEffect(() => seek(), [chosen.sourceId, chosen.at, chosen.turn]);
  useEffect(() => () => aborter.current?.abort(), []);

  const begin = () => {
    const element = video.current;
    if (!element || !stretch) return;
    element.currentTime = Math.max(0, (wanted.current - stretch.startedAt) / 1000);
    void element.play().catch(() => undefined);
  };
  const tell = () => {
    const element = video.current;
    if (!element || !stretch || element.readyState < HTMLMediaElement.HAVE_METADATA) return;
    const at = stretch.startedAt + element.currentTime * 1000;
    setShownAt(at);
    onTime(at);
  };
  return (
    <section className={css.recording} aria-label={t`Recording`}>
      <div className={css.caption}>
        <strong>{name}</strong>
        <span className="numbers">
          {format.day(new Date(shownAt))} {format.time(new Date(shownAt))}
        </span>
        {may && <ReportMissed look="quiet" sourceId={chosen.sourceId} moment={() => shownAt} />}
        <Button look="quiet" aria-label={t`Close`} onClick={onClose}>
          ×
        </Button>
      </div>
      {stretch && (
        <video
          ref={video}
          className={css.video}
          src={stretch.url}
          controls
          muted
          playsInline
          onLoadedMetadata={begin}
          onTimeUpdate={tell}
          onEnded={() => void load(stretch.endedAt + 100)}
          onError={() =>
            setState({ stretch: null, note: t`This browser cannot play the recording.` })
          }
        />
      )}
      {note && <p role="status">{note}</p>}
    </section>
  );
}
