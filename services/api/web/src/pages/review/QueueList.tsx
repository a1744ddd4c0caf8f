import { Plural, useLingui } from "@lingui/react/macro";
import { useEffect, useRef } from "react";
import type { IncidentView, QueuePage } from "@/api/client";
import { useFormat } from "@/i18n/format";
import { Badge } from "@/ui/layout";
import { useStores, useZone } from "@/ui/stores";
import css from "./review.module.css";
import { TONES, useWords } from "./words";

/** What waits, the gravest first. Floods are one row: an incident with all its alerts. */
export function QueueList({
  page,
  shown,
  go,
}: {
  page: QueuePage;
  shown: string | undefined;
  go: (incident: string) => void;
}) {
  const { t } = useLingui();
  return (
    <>
      <p className="dim">
        {page.waiting >= 1000 ? (
          t`1000 or more wait`
        ) : (
          <Plural value={page.waiting} one="# incident waits" other="# incidents wait" />
        )}
      </p>
      <ul className={css.incidents}>
        {page.items.map((incident) => (
          <li key={incident.incident_id}>
            <Row incident={incident} isShown={incident.incident_id === shown} go={go} />
          </li>
        ))}
      </ul>
    </>
  );
}

function Row({
  incident,
  isShown,
  go,
}: {
  incident: IncidentView;
  isShown: boolean;
  go: (incident: string) => void;
}) {
  const { t } = useLingui();
  const all = useStores();
  const zoneOf = useZone();
  const { severities } = useWords();
  const { moment } = useFormat(zoneOf(incident.store_id));
  const place = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (isShown) place.current?.scrollIntoView({ block: "nearest" });
  }, [isShown]);
  const store = all.find(({ store_id }) => store_id === incident.store_id)?.name;
  const { claim } = incident;
  return (
    <button
      ref={place}
      type="button"
      className={css.incident}
      data-row
      aria-current={isShown || undefined}
      onClick={() => go(incident.incident_id)}
    >
      <span className={css.line}>
        <strong>{store ?? t`Without a store`}</strong>
        <Badge tone={TONES[incident.severity]}>{severities[incident.severity]}</Badge>
      </span>
      <span className={css.line}>
        <time className="dim" dateTime={incident.started_at}>
          {moment(incident.started_at)}
        </time>
        {incident.alert_count > 1 && (
          <span className={css.count}>
            <Plural value={incident.alert_count} one="# alert" other="# alerts" />
          </span>
        )}
      </span>
      {claim && !claim.is_mine && <span className="dim">{t`${claim.person} is at it`}</span>}
    </button>
  );
}
