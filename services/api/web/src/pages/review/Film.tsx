// The evidence of an alert. One that is not shown yet loads, and plays at once when it is.

import { useLingui } from "@lingui/react/macro";
import { type ReactNode, type Ref, useEffect, useImperativeHandle, useRef } from "react";
import { $api, type AlertView } from "@/api/client";
import { said } from "@/i18n/said";
import { Player } from "@/video/Player";
import type { PlayerHandle } from "@/video/playback";
import css from "./review.module.css";
import { Snapshot } from "./Snapshot";

const AGAIN_MS = 4_000;
/** Evidence that was not made within that time will not be. */
const YOUNG_MS = 10 * 60_000;

export function Film({
  alert,
  isShown = true,
  autoPlay = true,
  extra,
  ref,
}: {
  alert: AlertView;
  isShown?: boolean;
  autoPlay?: boolean;
  extra?: ReactNode;
  ref?: Ref<PlayerHandle | null>;
}) {
  const { t } = useLingui();
  const player = useRef<PlayerHandle>(null);
  const isYoung = Date.now() - Date.parse(alert.recorded_at) < YOUNG_MS;
  const params = { path: { alert_id: alert.alert_id } };
  const detail = $api.useQuery(
    "get",
    "/api/v1/alerts/{alert_id}",
    { params },
    { refetchInterval: ({ state }) => (isYoung && !state.data?.has_evidence ? AGAIN_MS : false) },
  );
  const isMade = Boolean(detail.data?.has_evidence);
  useImperativeHandle<PlayerHandle | null, PlayerHandle | null>(
    ref,
    () => (isShown && isMade ? player.current : null),
    [isShown, isMade],
  );
  useEffect(() => {
    if (!isMade) return;
    if (isShown && autoPlay) player.current?.play();
    if (!isShown) player.current?.pause();
  }, [isMade, isShown, autoPlay]);
  return (
    <div hidden={!isShown}>
      {isMade ? (
        <Player
          ref={player}
          src={`/api/v1/alerts/${alert.alert_id}/evidence`}
          poster={`/api/v1/alerts/${alert.alert_id}/snapshot`}
          label={t`Evidence of ${said(alert.label)}`}
          preload="auto"
          extra={extra}
        />
      ) : (
        <div className={css.waiting}>
          <Snapshot alert={alert} eager />
          {detail.data && (
            <p role="status">{isYoung ? t`The film is being made.` : t`There is no film of it.`}</p>
          )}
        </div>
      )}
    </div>
  );
}
