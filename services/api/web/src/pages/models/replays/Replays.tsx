// Stretches of the past that were, or are being, judged again.

import { useLingui } from "@lingui/react/macro";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { ReplayView } from "@/api/client";
import { useMay } from "@/api/session";
import { useFormat } from "@/i18n/format";
import { said } from "@/i18n/said";
import { Button } from "@/ui/controls";
import { Badge, Empty, Loaded } from "@/ui/layout";
import { More, usePages } from "@/ui/lists";
import { Dialog } from "@/ui/overlays";
import ui from "@/ui/ui.module.css";
import css from "../models.module.css";
import { useTitles } from "../words";
import { isGoingOn, REPLAYS, readReplays, TONES, useReplayStates, useSpan } from "./reading";
import { StartReplay } from "./StartReplay";

const route = getRouteApi("/shell/models-section/replays");

export function Replays() {
  const { t } = useLingui();
  const { start, detector } = route.useSearch();
  const navigate = route.useNavigate();
  const may = useMay("configure");
  const replays = usePages<ReplayView>(REPLAYS, {}, (cursor) => readReplays(cursor));
  const close = () => void navigate({ search: {}, replace: true });
  return (
    <div className={css.stack}>
      <div className={css.head}>
        <p className="dim">{t`What a detector would have done: it looks at the past again, alerts nobody, and is compared with what was.`}</p>
        {may && (
          <Button look="primary" onClick={() => navigate({ search: { start: true } })}>
            {t`Start a replay`}
          </Button>
        )}
      </div>
      <Loaded query={replays} rows={4}>
        {({ pages }) => {
          const all = pages.flatMap(({ items }) => items);
          if (!all.length)
            return (
              <Empty title={t`Nothing was replayed yet`}>
                <p>{t`A whole chain's yesterday takes minutes.`}</p>
              </Empty>
            );
          return (
            <ul className={ui.rows} aria-label={t`Replays`}>
              {all.map((replay) => (
                <Row key={replay.run} replay={replay} />
              ))}
            </ul>
          );
        }}
      </Loaded>
      <More query={replays} />
      <Dialog title={t`Start a replay`} open={may && start === true} onClose={close}>
        <StartReplay first={detector} close={close} />
      </Dialog>
    </div>
  );
}

function Row({ replay }: { replay: ReplayView }) {
  const { t } = useLingui();
  const { ago, number } = useFormat();
  const states = useReplayStates();
  const span = useSpan();
  const title = useTitles();
  const { run, state, detector, source_count, alerts, requested_at, requested_by } = replay;
  const sources = number(source_count);
  const raised = number(alerts);
  return (
    <li>
      <Link to="/replays/$run" params={{ run }} className={ui.row}>
        <span className={ui.about}>
          <strong>{span(replay)}</strong>
          <span className={ui.facts}>
            <span>{replay.is_built_in ? t`Built in` : title(detector)}</span>
            <span>{t`${sources} cameras and uploads`}</span>
            {state === "done" && <span>{t`${raised} alerts`}</span>}
            {replay.error && <span>{said(replay.error)}</span>}
          </span>
          {isGoingOn(replay) && <Progress replay={replay} />}
        </span>
        <span className="dim">{[ago(requested_at), requested_by].filter(Boolean).join(" · ")}</span>
        <Badge tone={TONES[state]}>{states[state]}</Badge>
      </Link>
    </li>
  );
}

/** How far it is, and how long it will still take. */
export function Progress({ replay }: { replay: ReplayView }) {
  const { t } = useLingui();
  const { percent, duration } = useFormat();
  const states = useReplayStates();
  const left = replay.eta_s === null ? null : duration(Math.max(1, Math.round(replay.eta_s)));
  return (
    <span className={css.progress}>
      <progress value={replay.share} max={1} aria-label={states[replay.state]} />
      <span className="numbers">
        {percent(replay.share)}
        {left && ` · ${t`${left} left`}`}
      </span>
    </span>
  );
}
