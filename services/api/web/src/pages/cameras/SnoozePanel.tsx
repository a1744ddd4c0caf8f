// Nobody is notified of a camera for a while; its alerts are kept as ever.

import { useLingui } from "@lingui/react/macro";
import { useState } from "react";
import { type CameraView, client } from "@/api/client";
import { refresh } from "@/api/queries";
import { useMay } from "@/api/session";
import { useFormat } from "@/i18n/format";
import { Button } from "@/ui/controls";
import { Panel, sentence } from "@/ui/layout";
import { useZone } from "@/ui/stores";
import { notifyFault } from "@/ui/toasts";
import css from "./cameras.module.css";
import { usePolicy } from "./reading";

const HOURS = [1, 8, 24];
const PATH = "/api/v1/sources/{source_id}/policy";

export function SnoozePanel({ camera }: { camera: CameraView }) {
  const { t } = useLingui();
  const path = { source_id: camera.source_id };
  const { moment, duration } = useFormat(useZone()(camera.store_id));
  const { data } = usePolicy(camera.source_id);
  const mayReview = useMay("review");
  const [busy, setBusy] = useState(false);
  const change = async (hours: number | null) => {
    setBusy(true);
    try {
      if (hours === null)
        await client.DELETE("/api/v1/sources/{source_id}/snooze", { params: { path } });
      else {
        const until = new Date(Date.now() + hours * 3_600_000).toISOString();
        await client.PUT("/api/v1/sources/{source_id}/snooze", {
          params: { path },
          body: { until },
        });
      }
      await refresh(PATH);
    } catch (error) {
      notifyFault(sentence(error, t`Nightclerk cannot be reached. Is it running?`));
    } finally {
      setBusy(false);
    }
  };
  if (!data || (!mayReview && !data.snoozed_until)) return null;
  const until = data.snoozed_until ? moment(data.snoozed_until) : "";
  return (
    <Panel className={css.panel}>
      <h2>{t`Snooze`}</h2>
      <p className="dim">
        {until
          ? t`Nobody is notified until ${until}.`
          : t`Notify nobody for a while; alerts are kept.`}
      </p>
      {mayReview && (
        <div className={css.buttons}>
          {HOURS.map((hours) => (
            <Button key={hours} busy={busy} onClick={() => change(hours)}>
              {duration(hours * 3600)}
            </Button>
          ))}
          {until && <Button busy={busy} onClick={() => change(null)}>{t`End the snooze`}</Button>}
        </div>
      )}
    </Panel>
  );
}
