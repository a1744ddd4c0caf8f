import { useLingui } from "@lingui/react/macro";
import { $api, type AlertDetail } from "@/api/client";
import { useFormat } from "@/i18n/format";
import { Loaded, Panel } from "@/ui/layout";
import { useZone } from "@/ui/stores";
import { Legend, ScoreCurve } from "@/video/ScoreCurve";
import { bandsOf, linesOf, stepsOf } from "@/video/series";
import css from "./review.module.css";

const AROUND_S = 60;

/** How the score went before, during and after it. */
export function Scores({ alert }: { alert: AlertDetail }) {
  const { t } = useLingui();
  const zoneOf = useZone();
  const { time } = useFormat(zoneOf(alert.store_id));
  const origin = Date.parse(alert.origin_at);
  const at = (seconds: number) => new Date(origin + seconds * 1000);
  const fromS = Math.max(0, alert.start_s - AROUND_S);
  const untilS = alert.end_s + AROUND_S;
  const isCamera = alert.source_kind === "camera";
  const timeline = $api.useQuery("get", "/api/v1/sources/{source_id}/timeline", {
    params: {
      path: { source_id: alert.source_id },
      query: {
        since: at(fromS).toISOString(),
        until: at(untilS).toISOString(),
        resolution: "clip",
      },
    },
  });
  return (
    <Panel className={css.block}>
      <h2>{t`Score around it`}</h2>
      <Loaded query={timeline} rows={1}>
        {(seen) => {
          const steps = stepsOf(seen);
          const lines = linesOf(steps, seen.heads);
          if (!lines.length) return <p className="dim">{t`No scores are kept of that time.`}</p>;
          return (
            <>
              <ScoreCurve
                label={t`Score around the alert`}
                lines={lines}
                bands={bandsOf(seen.alerts)}
                fromS={fromS}
                untilS={isCamera ? untilS : Math.min(untilS, steps.at(-1)?.end_s ?? untilS)}
                moment={isCamera ? (seconds) => time(at(seconds)) : undefined}
              />
              <Legend lines={lines} />
            </>
          );
        }}
      </Loaded>
    </Panel>
  );
}
