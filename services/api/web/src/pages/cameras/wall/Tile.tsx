// One camera on the wall: picture, state, latest score; in red while an alert is open.

import { useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { type Ref, useImperativeHandle, useRef, useState } from "react";
import { $api, type CameraView } from "@/api/client";
import { useFormat } from "@/i18n/format";
import { said } from "@/i18n/said";
import { joined } from "@/ui/controls";
import { Badge } from "@/ui/layout";
import { Screen, type ScreenHandle } from "../live/Screen";
import type { LiveHeader } from "../live/socket";
import { useAlive } from "../live/useAlive";
import { type Condition, TONES, useWords } from "../words";
import css from "./wall.module.css";

export type TileHandle = { note(header: LiveHeader): void };

type Props = {
  ref: Ref<TileHandle & ScreenHandle>;
  camera: CameraView;
  /** Of more than one are shown. */
  store: string | null;
};

export function Tile({ ref, camera, store }: Props) {
  const { t } = useLingui();
  const { score: written } = useFormat();
  const { states, conditions } = useWords();
  const screen = useRef<ScreenHandle>(null);
  const [latest, setLatest] = useState<LiveHeader | null>(null);
  const alive = useAlive(camera.state);
  useImperativeHandle(ref, () => ({
    note: setLatest,
    async show(header, jpeg) {
      await screen.current?.show(header, jpeg);
      alive();
    },
  }));

  const { name, source_id: sourceId, state } = camera;
  const open = $api.useQuery("get", "/api/v1/alerts", {
    params: { query: { source_id: sourceId, state: "open", limit: 1 } },
  }).data?.items[0];
  const score = latest?.score;
  const isShown = state === "online" || state === "starting";
  const value = isShown ? (score?.calibrated ?? camera.last_score) : null;
  const isHigh = score?.heads.some(
    ({ calibrated, high_mark }) => high_mark !== null && calibrated >= high_mark,
  );
  const wrong = latest?.conditions ?? camera.conditions;
  return (
    <li className={joined(css.tile, open && css.alerting)}>
      <Link
        to="/cameras/$sourceId"
        params={{ sourceId }}
        aria-label={open ? t`${name}: ${said(open.label)}` : name}
      >
        <Screen
          ref={screen}
          label={t`Live picture of ${name}`}
          className={css.picture}
          empty={camera.is_paused ? t`The camera is paused.` : said(camera.reason) || undefined}
        >
          <span className={css.over}>
            {state !== "online" && <Badge tone={TONES[state]}>{states[state]}</Badge>}
            {wrong
              .filter(({ condition }) => condition !== "offline")
              .map(({ condition }) => (
                <Badge key={condition} tone="warn">
                  {conditions[condition as Condition] ?? condition}
                </Badge>
              ))}
            {open?.kind === "incident" && <Badge tone="bad">{said(open.label)}</Badge>}
          </span>
        </Screen>
        <span className={css.caption}>
          <span>
            {name} {store && <small>{store}</small>}
          </span>
          <b className={joined("numbers", isHigh && css.high)} title={t`Latest score`}>
            {value === null ? "–" : written(value)}
          </b>
        </span>
      </Link>
    </li>
  );
}
