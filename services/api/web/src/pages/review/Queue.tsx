// The review queue: one incident after the other by the keyboard. Whoever is at one has it claimed;
// the film of the next one loads while this one plays.

import { useLingui } from "@lingui/react/macro";
import { getRouteApi } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { $api, client } from "@/api/client";
import { useMay } from "@/api/session";
import { Button, SelectField } from "@/ui/controls";
import { Empty, Loaded, Page, Skeleton } from "@/ui/layout";
import { StoreOptions, useStores } from "@/ui/stores";
import { useMarkSeen } from "./acts";
import { Desk, type Done } from "./Desk";
import { KeysHelp } from "./KeysHelp";
import { QueueList } from "./QueueList";
import css from "./review.module.css";
import type { QueueSearch } from "./search";
import { useWords } from "./words";

const route = getRouteApi("/shell/review");

export function Queue() {
  const { t } = useLingui();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const mark = useMarkSeen();
  const may = useMay("review");
  const [needsHelp, setNeedsHelp] = useState(false);
  const done = useRef<Done[]>([]);
  const { incident, ...filter } = search;
  const queue = $api.useQuery("get", "/api/v1/review-queue", {
    params: { query: { ...filter, limit: 50 } },
  });
  const go = (wanted: string | undefined) =>
    void navigate({ search: (before) => ({ ...before, incident: wanted }), replace: true });
  useFirst(queue.data !== undefined && !incident && may, filter, go);
  const items = queue.data?.items ?? [];
  const shown = incident ?? (may ? undefined : items[0]?.incident_id);
  return (
    <Page
      title={t`Review`}
      wide
      actions={
        <>
          <Button onClick={() => setNeedsHelp(true)}>{t`Keys`}</Button>
          {may && items.length > 0 && (
            <Button onClick={() => mark(filter)}>{t`Mark all as seen`}</Button>
          )}
        </>
      }
    >
      <KeysHelp open={needsHelp} close={() => setNeedsHelp(false)} />
      <Loaded query={queue} rows={5}>
        {(page) => (
          <div className={css.queue}>
            <section className={css.side} aria-label={t`What waits`}>
              <Part
                filter={filter}
                change={(part) => void navigate({ search: part, replace: true })}
              />
              <QueueList page={page} shown={shown} go={go} />
            </section>
            {shown ? (
              <Desk
                incidentId={shown}
                items={items}
                filter={filter}
                go={go}
                help={() => setNeedsHelp(true)}
                done={done}
                markAll={() => mark(filter)}
              />
            ) : items.length && may ? (
              <Skeleton rows={4} />
            ) : (
              <Empty title={t`Nothing waits`}>
                <p>{t`All incidents have a verdict. New ones appear here by themselves.`}</p>
              </Empty>
            )}
          </div>
        )}
      </Loaded>
    </Page>
  );
}

/** Who comes gets the first incident that nobody is at. */
function useFirst(
  isFree: boolean,
  filter: Omit<QueueSearch, "incident">,
  go: (incident: string) => void,
): void {
  const key = JSON.stringify(filter);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `go` is another each time, and the same
  useEffect(() => {
    if (!isFree) return;
    let isLeft = false;
    const take = async () => {
      const { data } = await client.POST("/api/v1/review-queue/claims", { body: JSON.parse(key) });
      if (data && !isLeft) go(data.incident_id);
    };
    void take().catch(() => undefined);
    return () => {
      isLeft = true;
    };
  }, [isFree, key]);
}

/** Which part of the queue. */
function Part({
  filter,
  change,
}: {
  filter: Omit<QueueSearch, "incident">;
  change: (part: QueueSearch) => void;
}) {
  const { t } = useLingui();
  const { severities } = useWords();
  const all = useStores();
  const with_ = (part: QueueSearch) => {
    const { store_id, severity } = { ...filter, ...part };
    change({ ...(store_id && { store_id }), ...(severity && { severity }) });
  };
  return (
    <div className={css.part}>
      {all.length > 1 && (
        <SelectField
          label={t`Store`}
          value={filter.store_id ?? ""}
          onChange={(event) => with_({ store_id: event.currentTarget.value || undefined })}
        >
          <StoreOptions all={t`All`} />
        </SelectField>
      )}
      <SelectField
        label={t`Severity`}
        value={filter.severity ?? ""}
        onChange={(event) =>
          with_({ severity: (event.currentTarget.value || undefined) as QueueSearch["severity"] })
        }
      >
        <option value="">{t`All`}</option>
        {Object.entries(severities).map(([severity, word]) => (
          <option key={severity} value={severity}>
            {word}
          </option>
        ))}
      </SelectField>
    </div>
  );
}
