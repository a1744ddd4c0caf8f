import { useLingui } from "@lingui/react/macro";
import { useRef } from "react";
import { $api, type AlertDetail, client } from "@/api/client";
import { refresh } from "@/api/queries";
import { useMay } from "@/api/session";
import { useFormat } from "@/i18n/format";
import { Button, CheckField } from "@/ui/controls";
import { Actions, Panel } from "@/ui/layout";
import { useTelling } from "./acts";
import css from "./review.module.css";

const HOUR_MS = 3_600_000;

/** Whether it is kept for good, and whether its camera is to be quiet for a while. */
export function Keeping({ alert }: { alert: AlertDetail }) {
  const { t } = useLingui();
  const may = useMay("review");
  const telling = useTelling();
  const reason = useRef<HTMLInputElement>(null);
  if (!may) return null;
  const hold = (held: boolean) =>
    telling(() =>
      client.PATCH("/api/v1/alerts/{alert_id}", {
        params: { path: { alert_id: alert.alert_id } },
        body: { held, reason: held ? (reason.current?.value.trim() ?? "") : "" },
      }),
    );
  return (
    <Panel className={css.block}>
      <CheckField
        label={t`Keep all of it`}
        hint={t`Neither age nor removal of the camera deletes what is held.`}
        checked={alert.is_held}
        onChange={(event) => void hold(event.currentTarget.checked)}
      />
      {!alert.is_held && (
        <input
          ref={reason}
          className={css.reason}
          maxLength={200}
          aria-label={t`Why it is kept`}
          placeholder={t`Why, if there is a reason`}
        />
      )}
      {alert.source_kind === "camera" && <Snooze sourceId={alert.source_id} />}
    </Panel>
  );
}

function Snooze({ sourceId }: { sourceId: string }) {
  const { t } = useLingui();
  const { moment } = useFormat();
  const telling = useTelling();
  const params = { path: { source_id: sourceId } };
  const policy = $api.useQuery("get", "/api/v1/sources/{source_id}/policy", { params });
  const until = policy.data?.snoozed_until;
  const snooze = async (hours: number) => {
    await telling(() =>
      hours
        ? client.PUT("/api/v1/sources/{source_id}/snooze", {
            params,
            body: { until: new Date(Date.now() + hours * HOUR_MS).toISOString() },
          })
        : client.DELETE("/api/v1/sources/{source_id}/snooze", { params }),
    );
    void refresh("/api/v1/sources/{source_id}/policy");
  };
  if (until)
    return (
      <Actions>
        <span>{t`Alerts of this camera tell nobody until ${moment(until)}.`}</span>
        <Button onClick={() => snooze(0)}>{t`End the snooze`}</Button>
      </Actions>
    );
  return (
    <Actions>
      <span className="dim">{t`Snooze the camera for`}</span>
      <Button onClick={() => snooze(1)}>{t`1 hour`}</Button>
      <Button onClick={() => snooze(8)}>{t`8 hours`}</Button>
      <Button onClick={() => snooze(24)}>{t`1 day`}</Button>
    </Actions>
  );
}
