// Alerts by hour, as bars that lead to the alerts of their hour.

import { useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import type { OverviewView } from "@/api/client";
import { useFormat } from "@/i18n/format";
import { Scroll } from "@/ui/layout";
import css from "./review.module.css";

const HOUR_MS = 3_600_000;
const KINDS = ["critical", "warning", "info"] as const;

export function HourStrip({ hours, zone }: { hours: OverviewView["hours"]; zone?: string }) {
  const { t } = useLingui();
  const { minute, number } = useFormat(zone);
  const sums = hours.map((hour) => hour.info + hour.warning + hour.critical);
  const most = Math.max(4, ...sums);
  return (
    <Scroll label={t`Alerts by hour`}>
      <ol className={css.hours} ref={toTheLatest}>
        {hours.map((hour, k) => {
          const sum = sums[k] ?? 0;
          const until = new Date(Date.parse(hour.at) + HOUR_MS).toISOString();
          return (
            <li key={hour.at}>
              <Link
                to="/alerts"
                search={{ since: hour.at, until }}
                className={css.hour}
                aria-label={t`${minute(hour.at)}, alerts: ${number(sum)}`}
                title={t`${minute(hour.at)}, alerts: ${number(sum)}`}
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
                <span className={css.tick}>{k % 3 === 2 ? minute(hour.at) : ""}</span>
              </Link>
            </li>
          );
        })}
      </ol>
    </Scroll>
  );
}

/** Where not all hours fit, the latest are seen first. */
function toTheLatest(list: HTMLOListElement | null): void {
  const scrolled = list?.parentElement;
  if (scrolled) scrolled.scrollLeft = scrolled.scrollWidth;
}
