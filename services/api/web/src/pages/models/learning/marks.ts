// Marks on what was suggested, each with its way back.

import type { SuggestionView } from "@/api/client";
import { client } from "@/api/client";
import { refresh } from "@/api/queries";

export const LEARNING = ["/api/v1/learning", "/api/v1/missed-events", "/api/v1/calibrations"];
const OF_ALERTS = ["/api/v1/alerts", "/api/v1/review-queue", "/api/v1/overview"];

/** Whether what the label says happened. Resolves to how to take it back; raises Problem. */
export async function mark(moment: SuggestionView, isEvent: boolean): Promise<() => Promise<void>> {
  const { alert_id, source_id, since, until, label } = moment;
  if (alert_id) {
    const params = { path: { alert_id } };
    const body = { verdict: isEvent ? ("true" as const) : ("false" as const) };
    await client.PUT("/api/v1/alerts/{alert_id}/verdict", { params, body });
    void refresh(...OF_ALERTS);
    return async () => {
      await client.POST("/api/v1/alerts/{alert_id}/undo", { params });
      await refresh(...LEARNING, ...OF_ALERTS);
    };
  }
  const { data } = await client.POST("/api/v1/missed-events", {
    body: { source_id, since, until, label: isEvent ? label : "normal" },
  });
  return async () => {
    if (data) await withdraw(data.event_id);
    await refresh(...LEARNING);
  };
}

export async function withdraw(event_id: string): Promise<void> {
  await client.DELETE("/api/v1/missed-events/{event_id}", { params: { path: { event_id } } });
}
