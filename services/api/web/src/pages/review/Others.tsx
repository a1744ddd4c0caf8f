// What the other cameras of the store saw at that moment.

import { useLingui } from "@lingui/react/macro";
import { useState } from "react";
import { $api, type AlertDetail, type CameraView } from "@/api/client";
import { Button } from "@/ui/controls";
import { Panel, sentence } from "@/ui/layout";
import { useStretch } from "@/video/stretch";
import css from "./review.module.css";

const BEFORE_S = 5;
const AFTER_S = 10;
const LONGEST_S = 120;

export function Others({ alert }: { alert: AlertDetail }) {
  const { t } = useLingui();
  const [isOpen, setOpen] = useState(false);
  const params = { query: { store_id: alert.store_id ?? undefined, limit: 50 } };
  const { data } = $api.useQuery("get", "/api/v1/cameras", { params });
  const others = (data?.items ?? []).filter(({ source_id }) => source_id !== alert.source_id);
  if (!others.length) return null;
  const first = Date.parse(alert.started_at) - BEFORE_S * 1000;
  const last = Math.min(Date.parse(alert.ended_at) + AFTER_S * 1000, first + LONGEST_S * 1000);
  return (
    <Panel className={css.block}>
      <header className={css.line}>
        <h2>{t`The other cameras at that moment`}</h2>
        {!isOpen && <Button onClick={() => setOpen(true)}>{t`Show them`}</Button>}
      </header>
      {isOpen && (
        <ul className={css.others}>
          {others.map((camera) => (
            <li key={camera.source_id}>
              <Other
                camera={camera}
                since={new Date(first).toISOString()}
                until={new Date(last).toISOString()}
              />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Other({
  camera,
  since,
  until,
}: {
  camera: Pick<CameraView, "name" | "source_id">;
  since: string;
  until: string;
}) {
  const { t } = useLingui();
  const stretch = useStretch(camera.source_id, since, until, true);
  return (
    <figure className={css.other}>
      {stretch.data ? (
        <video
          src={stretch.data}
          aria-label={t`Recording of ${camera.name}`}
          controls
          autoPlay
          muted
          loop
          playsInline
        />
      ) : (
        <p className={css.nothing} role="status">
          {stretch.error
            ? sentence(stretch.error, t`Nightclerk cannot be reached. Is it running?`) ||
              t`The recording does not come.`
            : t`The recording is being fetched…`}
        </p>
      )}
      <figcaption>{camera.name}</figcaption>
    </figure>
  );
}
