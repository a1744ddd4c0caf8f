import { useLingui } from "@lingui/react/macro";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { type AlertView, client } from "@/api/client";
import { useMay } from "@/api/session";
import { Button } from "@/ui/controls";
import { Empty, Loaded, Page } from "@/ui/layout";
import { More, usePages } from "@/ui/lists";
import { useZone } from "@/ui/stores";
import { AlertCard } from "./AlertCard";
import { useMarkSeen } from "./acts";
import { Filters } from "./Filters";
import css from "./review.module.css";
import { type AlertSearch, alertQuery, alertSearch, isFiltered } from "./search";

const route = getRouteApi("/shell/alerts");
const PAGE = 48;
/** On less the search is closed at first: it would fill a phone. */
const ROOMY_PX = 820;

/** All alerts, newest first, and search. New ones appear by themselves. */
export function Alerts() {
  const { t } = useLingui();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const zoneOf = useZone();
  const [now] = useState(Date.now);
  const [isOpen, setOpen] = useState(() => window.innerWidth >= ROOMY_PX || isFiltered(search));
  const filter = alertQuery(search, now);
  const pages = usePages<AlertView>("/api/v1/alerts", filter, async (cursor) => {
    const params = { query: { ...filter, limit: PAGE, cursor } };
    const { data } = await client.GET("/api/v1/alerts", { params });
    return data ?? { items: [], next: null };
  });
  const change = (wanted: Partial<AlertSearch>) =>
    void navigate({ search: (before) => alertSearch({ ...before, ...wanted }), replace: true });
  const alerts = pages.data?.pages.flatMap(({ items }) => items);
  return (
    <Page
      title={t`Alerts`}
      actions={alerts?.length ? <MarkSeen search={search} now={now} /> : null}
    >
      <details
        className={css.more}
        open={isOpen}
        onToggle={(event) => setOpen(event.currentTarget.open)}
      >
        <summary>{t`Search`}</summary>
        <Filters
          search={search}
          change={change}
          clear={() => void navigate({ search: {}, replace: true })}
        />
      </details>
      <Loaded query={{ data: alerts, error: pages.error, refetch: pages.refetch }} rows={6}>
        {(items) =>
          items.length === 0 ? (
            <Empty title={isFiltered(search) ? t`Nothing matches` : t`All is quiet`}>
              <p>
                {isFiltered(search)
                  ? t`No alert is like that. Loosen the search.`
                  : t`Alerts appear here within seconds.`}
              </p>
            </Empty>
          ) : (
            <ul className={css.cards} aria-label={t`Alerts`}>
              {items.map((alert) => (
                <li key={alert.alert_id}>
                  <AlertCard alert={alert} zone={zoneOf(alert.store_id)} />
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      <More query={pages} />
    </Page>
  );
}

/** All that the search finds; without one, everything. */
function MarkSeen({ search, now }: { search: AlertSearch; now: number }) {
  const { t } = useLingui();
  const mark = useMarkSeen();
  const may = useMay("review");
  const { verdict, min_score, acknowledged, ...filter } = alertQuery(search, now);
  if (!may || verdict !== undefined || min_score !== undefined || acknowledged) return null;
  return <Button onClick={() => mark(filter)}>{t`Mark all as seen`}</Button>;
}
