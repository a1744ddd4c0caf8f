// One camera: what it shows, what is made of it, and how it is set.

import { useLingui } from "@lingui/react/macro";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense } from "react";
import type { CameraView } from "@/api/client";
import { useMay } from "@/api/session";
import { useFormat } from "@/i18n/format";
import { said } from "@/i18n/said";
import { Button, buttonClass } from "@/ui/controls";
import { Badge, Loaded, Page, Skeleton } from "@/ui/layout";
import { Tabs } from "@/ui/tabs";
import ui from "@/ui/ui.module.css";
import { usePausing } from "./actions";
import css from "./cameras.module.css";
import { LivePanel } from "./LivePanel";
import { useCamera } from "./reading";
import type { CameraTab } from "./search";
import { TONES, useWords } from "./words";

const route = getRouteApi("/shell/cameras/$sourceId");
const CameraTimeline = lazy(() => import("./CameraTimeline"));
const Areas = lazy(() => import("./areas/Areas"));
const PolicyPanel = lazy(() => import("./PolicyPanel"));
const CalibrationPanel = lazy(() => import("./calibration/CalibrationPanel"));
const History = lazy(() => import("./History"));
const Settings = lazy(() => import("./Settings"));

const PANELS: Record<CameraTab, (camera: CameraView) => ReactNode> = {
  timeline: (camera) => <CameraTimeline camera={camera} />,
  areas: (camera) => <Areas key={camera.changed_at} camera={camera} />,
  policy: (camera) => <PolicyPanel camera={camera} />,
  calibration: (camera) => <CalibrationPanel camera={camera} />,
  history: (camera) => <History camera={camera} />,
  settings: (camera) => <Settings key={camera.changed_at} camera={camera} />,
};

export function Camera() {
  const { sourceId } = route.useParams();
  const { t } = useLingui();
  const query = useCamera(sourceId);
  if (query.data) return <Found key={sourceId} camera={query.data} />;
  return (
    <Page
      title={t`Camera`}
      actions={<Link to="/cameras" className={buttonClass()}>{t`All cameras`}</Link>}
    >
      <Loaded query={query}>{() => null}</Loaded>
    </Page>
  );
}

function Found({ camera }: { camera: CameraView }) {
  const { tab } = route.useSearch();
  return (
    <Page title={camera.name} actions={<Buttons camera={camera} />} wide={tab === "timeline"}>
      <Facts camera={camera} />
      <Views camera={camera} tab={tab} />
      <Suspense fallback={<Skeleton />}>
        {tab ? PANELS[tab](camera) : <LivePanel camera={camera} />}
      </Suspense>
    </Page>
  );
}

function Buttons({ camera }: { camera: CameraView }) {
  const { t } = useLingui();
  const pause = usePausing();
  const mayChange = useMay("configure");
  const mayPush = useMay("upload");
  return (
    <>
      {mayPush && camera.address.startsWith("push:") && (
        <Link
          to="/webcam"
          search={{ source: camera.source_id }}
          className={buttonClass("primary")}
        >{t`Send my webcam`}</Link>
      )}
      {mayChange && (
        <Button onClick={() => pause(camera, !camera.is_paused)}>
          {camera.is_paused ? t`Resume` : t`Pause`}
        </Button>
      )}
    </>
  );
}

function Facts({ camera }: { camera: CameraView }) {
  const { ago, moment } = useFormat();
  const { states, conditions } = useWords();
  const others = camera.conditions.filter(({ condition }) => condition !== "offline");
  return (
    <div className={css.facts} role="status">
      <Badge tone={TONES[camera.state]}>{states[camera.state]}</Badge>
      {others.map(({ condition }) => (
        <Badge key={condition} tone="warn">
          {conditions[condition]}
        </Badge>
      ))}
      {camera.reason && <span>{said(camera.reason)}</span>}
      <span title={moment(camera.since)}>{ago(camera.since)}</span>
      {camera.store && <span>{camera.store}</span>}
      <span>{camera.address}</span>
    </div>
  );
}

function Views({ camera, tab }: { camera: CameraView; tab: CameraTab | undefined }) {
  const { t } = useLingui();
  const mayChange = useMay("configure");
  const tabs: [CameraTab | undefined, string, boolean][] = [
    [undefined, t({ context: "view", message: "Live" }), true],
    ["timeline", t`Timeline`, true],
    ["areas", t`Masks and zones`, mayChange],
    ["policy", t`Policy`, true],
    ["calibration", t`Calibration`, true],
    ["history", t`Health`, true],
    ["settings", t`Settings`, mayChange],
  ];
  return (
    <Tabs aria-label={t`Views of the camera`}>
      {tabs
        .filter(([, , isAllowed]) => isAllowed)
        .map(([name, label]) => (
          <Link
            key={label}
            to="/cameras/$sourceId"
            params={{ sourceId: camera.source_id }}
            search={{ tab: name }}
            className={ui.tab}
            activeProps={{}}
            data-active={name === tab ? "" : undefined}
            aria-current={name === tab ? "page" : undefined}
          >
            {label}
          </Link>
        ))}
    </Tabs>
  );
}
