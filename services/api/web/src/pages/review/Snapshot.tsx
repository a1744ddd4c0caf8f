import { useEffect, useState } from "react";
import type { AlertView } from "@/api/client";
import { Icon } from "@/app/icons";
import css from "./review.module.css";

const AGAIN_MS = 4_000;
const TRIES = 8;
/** Evidence follows the alert within that time; what is older and missing stays so. */
const YOUNG_MS = 60_000;

/** The picture of an alert. It is made some seconds after the alert: then it appears by itself. */
export function Snapshot({ alert, eager = false }: { alert: AlertView; eager?: boolean }) {
  const [failures, setFailures] = useState(0);
  const [tries, setTries] = useState(0);
  const isYoung = Date.now() - Date.parse(alert.recorded_at) < YOUNG_MS;
  const isMissing = failures > tries;
  useEffect(() => {
    if (!isMissing || !isYoung || tries >= TRIES) return;
    const timer = setTimeout(() => setTries((count) => count + 1), AGAIN_MS);
    return () => clearTimeout(timer);
  }, [isMissing, isYoung, tries]);
  if (isMissing)
    return (
      <span className={css.nothing}>
        <Icon name={alert.source_kind === "camera" ? "camera" : "film"} />
      </span>
    );
  return (
    <img
      key={tries}
      src={`/api/v1/alerts/${alert.alert_id}/snapshot`}
      alt=""
      loading={eager ? "eager" : "lazy"}
      decoding="async"
      onError={() => setFailures((count) => count + 1)}
    />
  );
}
