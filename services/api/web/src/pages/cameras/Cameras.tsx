// All cameras and how they are.

import { useLingui } from "@lingui/react/macro";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { type CameraView, client } from "@/api/client";
import { refresh } from "@/api/queries";
import { useMay } from "@/api/session";
import { useFormat } from "@/i18n/format";
import { said } from "@/i18n/said";
import { useStream } from "@/live/live";
import { Button, buttonClass, joined, SelectField } from "@/ui/controls";
import { Badge, Empty, Loaded, Page, Panel } from "@/ui/layout";
import { More, usePages } from "@/ui/lists";
import { StoreOptions, useStores } from "@/ui/stores";
import { AddCamera } from "./AddCamera";
import { usePausing } from "./actions";
import css from "./cameras.module.css";
import { RemoveCamera } from "./RemoveCamera";
import { TONES, useWords } from "./words";

const route = getRouteApi("/shell/cameras");
const PATH = "/api/v1/cameras";
const AGAIN_MS = 3_000;

export function Cameras() {
  const { t } = useLingui();
  const { store, add } = route.useSearch();
  const navigate = route.useNavigate();
  const mayAdd = useMay("configure");
  const mayPush = useMay("upload");
  const pages = usePages(PATH, { store }, async (cursor) => {
    const params = { query: { store_id: store, cursor, limit: 100 } };
    return (await client.GET(PATH, { params })).data as {
      items: CameraView[];
      next: string | null;
    };
  });
  const cameras = pages.data?.pages.flatMap(({ items }) => items);
  const scores = useLatestScores(cameras ?? []);
  const show = (wanted: { store?: string; add?: true }) =>
    navigate({ search: (before) => ({ ...before, ...wanted }), replace: true });
  return (
    <Page
      title={t`Cameras`}
      actions={
        <>
          {mayPush && <Link to="/webcam" className={buttonClass()}>{t`Use a webcam`}</Link>}
          {mayAdd && <Link to="/link" className={buttonClass()}>{t`Add a link`}</Link>}
          {mayAdd && (
            <Button look="primary" onClick={() => show({ add: true })}>{t`Add a camera`}</Button>
          )}
        </>
      }
    >
      <StoreFilter store={store} onChange={(chosen) => show({ store: chosen })} />
      <Loaded query={{ data: cameras, error: pages.error, refetch: pages.refetch }}>
        {(found) =>
          found.length === 0 ? (
            <Empty title={t`No camera yet`}>
              <p>{t`Whatever gives pictures can be watched: an IP camera, a recorder, a webcam, a link.`}</p>
            </Empty>
          ) : (
            <Panel className={css.rows} aria-label={t`Cameras`}>
              {found.map((camera) => (
                <Row key={camera.source_id} camera={camera} score={scores.get(camera.source_id)} />
              ))}
            </Panel>
          )
        }
      </Loaded>
      <More query={pages} />
      <AddCamera open={add === true && mayAdd} onClose={() => show({ add: undefined })} />
    </Page>
  );
}

function StoreFilter({
  store,
  onChange,
}: {
  store: string | undefined;
  onChange: (store: string | undefined) => void;
}) {
  const { t } = useLingui();
  const stores = useStores();
  if (stores.length < 2) return null;
  return (
    <div className={css.filters}>
      <SelectField
        label={t`Store`}
        value={store ?? ""}
        onChange={({ target }) => onChange(target.value || undefined)}
      >
        <StoreOptions all={t`All stores`} />
      </SelectField>
    </div>
  );
}

type Latest = { calibrated: number; isHigh: boolean };

/** By source, as scores come. The first one of a camera that was not online asks how it is. */
function useLatestScores(cameras: CameraView[]): Map<string, Latest> {
  const [scores, setScores] = useState(new Map<string, Latest>());
  const asked = useRef(0);
  useStream({ kind: ["scores"], score_every_s: 4 }, ({ name, data }) => {
    if (name !== "score") return;
    const sourceId = String(data.source_id);
    const heads = data.heads as { calibrated: number; high_mark: number | null }[];
    const isHigh = heads.some(
      (head) => head.high_mark !== null && head.calibrated >= head.high_mark,
    );
    const latest = { calibrated: Number(data.calibrated), isHigh };
    setScores((before) => new Map(before).set(sourceId, latest));
    const camera = cameras.find((each) => each.source_id === sourceId);
    if (!camera || camera.state === "online" || Date.now() - asked.current < AGAIN_MS) return;
    asked.current = Date.now();
    void refresh(PATH);
  });
  return scores;
}

function Row({ camera, score }: { camera: CameraView; score: Latest | undefined }) {
  const { t } = useLingui();
  const { ago, score: written } = useFormat();
  const { states } = useWords();
  const pause = usePausing();
  const mayChange = useMay("configure");
  const { name, source_id: sourceId, state, is_paused: isPaused } = camera;
  const value = score?.calibrated ?? camera.last_score;
  const since = ago(camera.since);
  const facts = [camera.store, camera.address, since].filter(Boolean).join(" · ");
  return (
    <article className={css.row} aria-label={name}>
      <Badge tone={TONES[state]}>{states[state]}</Badge>
      <div className={css.what}>
        <Link to="/cameras/$sourceId" params={{ sourceId }}>
          {name}
        </Link>
        {camera.reason && <small className={css.reason}>{said(camera.reason)}</small>}
        <small title={facts}>{facts}</small>
      </div>
      <span
        className={joined(css.score, "numbers", score?.isHigh && css.high)}
        title={t`Latest score`}
      >
        {value === null || isPaused ? "–" : written(value)}
      </span>
      {mayChange && (
        <div className={css.buttons}>
          <Button
            aria-label={isPaused ? t`Resume ${name}` : t`Pause ${name}`}
            onClick={() => pause(camera, !isPaused)}
          >
            {isPaused ? t`Resume` : t`Pause`}
          </Button>
          <RemoveCamera camera={camera} />
        </div>
      )}
    </article>
  );
}
