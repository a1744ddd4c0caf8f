// What people do with alerts, each with its way back.

import { useLingui } from "@lingui/react/macro";
import { type AlertSelection, client, type VerdictEntry } from "@/api/client";
import { refresh } from "@/api/queries";
import { sentence } from "@/ui/layout";
import { notify, notifyFault } from "@/ui/toasts";

/** How to take back what was done. */
export type Undo = () => Promise<unknown>;

export function refreshReviews(): Promise<void> {
  return refresh("/api/v1/alerts", "/api/v1/review-queue", "/api/v1/overview");
}

/** Runs a deed; what goes wrong is told, and gives undefined. */
export function useTelling() {
  const { t } = useLingui();
  return async <T>(deed: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await deed();
    } catch (error) {
      notifyFault(sentence(error, t`Nightclerk cannot be reached. Is it running?`));
      return undefined;
    } finally {
      void refreshReviews();
    }
  };
}

/** Everything that a filter lets through; a thousand go at once. */
export async function acknowledgeAll(filter: AlertSelection): Promise<[number, Undo]> {
  const batches: string[] = [];
  let count = 0;
  for (let more = true; more; ) {
    const { data } = await client.POST("/api/v1/alerts/acknowledgements", { body: { filter } });
    if (!data) break;
    batches.push(data.batch_id);
    count += data.changed;
    more = data.more;
  }
  return [count, () => Promise.all(batches.map(unacknowledge))];
}

export async function acknowledge(alert_ids: string[]): Promise<Undo> {
  const { data } = await client.POST("/api/v1/alerts/acknowledgements", { body: { alert_ids } });
  return async () => data && unacknowledge(data.batch_id);
}

function unacknowledge(batch_id: string): Promise<unknown> {
  return client.DELETE("/api/v1/alerts/acknowledgements/{batch_id}", {
    params: { path: { batch_id } },
  });
}

/** All alerts of an incident that nobody has judged. */
export async function judgeIncident(
  incident_id: string,
  body: VerdictEntry,
  alert_ids: string[],
): Promise<Undo> {
  await client.PUT("/api/v1/review-queue/{incident_id}/verdict", {
    params: { path: { incident_id } },
    body,
  });
  return () => Promise.all(alert_ids.map(undoLatest));
}

export function undoLatest(alert_id: string): Promise<unknown> {
  return client.POST("/api/v1/alerts/{alert_id}/undo", { params: { path: { alert_id } } });
}

/** Marks as seen, says how many, and offers to undo it. Resolves to the way back. */
export function useMarkSeen() {
  const { t } = useLingui();
  const telling = useTelling();
  return async (filter: AlertSelection): Promise<Undo | undefined> => {
    const done = await telling(() => acknowledgeAll(filter));
    if (!done) return undefined;
    const [count, undo] = done;
    const back = () => telling(undo);
    if (count === 0) notify(t`All of it was seen before.`);
    else notify(t`${count} marked as seen.`, { label: t`Undo`, act: () => void back() });
    return count ? back : undefined;
  };
}
