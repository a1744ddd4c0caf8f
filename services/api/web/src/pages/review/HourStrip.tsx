// Alerts by hour, as bars that lead to the alerts of their hour.

import { useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import type { OverviewView } from "@/api/client";
import { useFormat } from "@/i18n/format";
import css from "./review.module.css";

const HOUR_MS = 3_600_000;
const KINDS = ["critical", "warning", "info"] as const;

export function HourStrip({ hours, zone }: { hours: OverviewView["hours"]; zone?: string }) {
  const { t } = useLingui();
  const { minute, number } = useFormat(zone);
  const sums = hours.map((hour) => hour.info + hour.warning + hour.critical);
  const most = Math.max(4, ...sums);
  return (
    <ol className={css.hours}>
      {hours.map((hour, k) => {
        const sum = sums[k] ?? 0;
        const until = new Date(Date.parse(hour.at) + HOUR_MS).toISOString();
        return (
          <li key={hour.at}>
            <Link
              to="/alerts"
              search={{ since: hour.at, until }}
              className={css.hour}
              aria-label={t`${minute(hour.at)}: ${number(sum)} alerts`}
              title={t`${minute(hour.at)}: ${number(sum)} alerts`}
              disabled={sum === 0}
            >
              <span className={css.bars}>
                {KINDS.map((kind) => (
                  <i
                    key={kind}
                    data-kind={kind}
                    style={{ height: `${(hour[kind] / most) * 100}%` }}
                  />
                ))}
              </span>
              <span className={css.tick}>{k % 3 === 0 || k === 23 ? minute(hour.at) : ""}</span>
            </Link>
          </li>
        );
      })}
    </ol>
  );
}
