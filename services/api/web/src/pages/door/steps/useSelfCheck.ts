// The self-check at work: what it asks of the API, and what it hears.

import { useLingui } from "@lingui/react/macro";
import { useEffect, useEffectEvent, useReducer } from "react";
import { type CameraEntry, client } from "@/api/client";
import { refresh } from "@/api/queries";
import { sentence } from "@/ui/layout";
import { type Check, IDLE, PATIENCE_MS, SCENE, step } from "./check";

export type SelfCheck = {
  check: Check;
  begin: () => void;
  scored: () => void;
  alerted: (alertId: string) => void;
  stored: () => void;
};

export function useSelfCheck(): SelfCheck {
  const { t } = useLingui();
  const [check, tell] = useReducer(step, IDLE);
  const { isRunning, sourceId } = check;
  const fail = (error: unknown) => {
    const fault = sentence(error, t`Nightclerk cannot be reached. Is it running?`);
    tell({ what: "failed", fault });
  };
  const begin = async () => {
    tell({ what: "begun" });
    try {
      await removeLeftOvers();
      const name = t`Self-check (simulated)`;
      const { data } = await client.POST("/api/v1/cameras", {
        body: { name, address: SCENE } as CameraEntry,
      });
      if (data) tell({ what: "added", sourceId: data.source_id });
    } catch (error) {
      fail(error);
    }
  };
  const stored = async () => {
    tell({ what: "stored" });
    try {
      if (sourceId) await remove(sourceId);
      tell({ what: "removed" });
    } catch (error) {
      fail(error);
    }
  };
  const outOfTime = useEffectEvent(async () => {
    if (sourceId) fail(new Error(await reason(sourceId, t`It took too long.`)));
  });
  useEffect(() => {
    if (!isRunning) return;
    const timer = setTimeout(() => outOfTime(), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [isRunning]);
  // Whoever goes elsewhere meanwhile, or whose check failed, keeps no simulated camera.
  useEffect(() => {
    if (!sourceId || !isRunning) return;
    return () => void remove(sourceId).catch(() => {});
  }, [sourceId, isRunning]);
  return {
    check,
    begin,
    scored: () => tell({ what: "scored" }),
    alerted: (alertId) => tell({ what: "alerted", alertId }),
    stored,
  };
}

/** Those of a check whose page was closed. */
async function removeLeftOvers(): Promise<void> {
  const { data } = await client.GET("/api/v1/cameras", { params: { query: { limit: 200 } } });
  const left = (data?.items ?? []).filter(({ address }) => address === SCENE);
  await Promise.all(left.map(({ source_id }) => remove(source_id)));
}

/** With its scores, alert and evidence. Removing it once more is no fault. */
async function remove(sourceId: string): Promise<void> {
  await client.DELETE("/api/v1/cameras/{source_id}", {
    params: { path: { source_id: sourceId } },
    keepalive: true,
  });
  void refresh("/api/v1/cameras", "/api/v1/alerts");
}

/** Why nothing came: what the camera itself says, if it does. */
async function reason(sourceId: string, otherwise: string): Promise<string> {
  try {
    const { data } = await client.GET("/api/v1/cameras/{source_id}", {
      params: { path: { source_id: sourceId } },
    });
    return data?.reason || otherwise;
  } catch {
    return otherwise;
  }
}
