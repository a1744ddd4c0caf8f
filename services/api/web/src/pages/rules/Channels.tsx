// Channels: who hears of alerts, by what, and whether it gets there.

import { useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { type AddedTarget, client, type TargetEntry, type TargetView } from "@/api/client";
import { refresh } from "@/api/queries";
import { useMay } from "@/api/session";
import { Button } from "@/ui/controls";
import { Badge, Empty, Fault, Page, Skeleton, Withheld } from "@/ui/layout";
import { More, usePages } from "@/ui/lists";
import ui from "@/ui/ui.module.css";
import { Secret } from "./Signing";
import { TargetForm } from "./TargetForm";
import { useChannelWords, useSummary } from "./targets";

export function Channels() {
  const { t } = useLingui();
  if (useMay("configure")) return <All />;
  return (
    <Page title={t`Channels`}>
      <Withheld />
    </Page>
  );
}

function All() {
  const { t } = useLingui();
  const [isAdding, setAdding] = useState(false);
  const [added, setAdded] = useState<AddedTarget | null>(null);
  const targets = usePages("/api/v1/targets", {}, async (cursor) => {
    const { data } = await client.GET("/api/v1/targets", {
      params: { query: { limit: 50, cursor } },
    });
    if (!data) throw new Error("empty");
    return data;
  });
  const items = targets.data?.pages.flatMap((page) => page.items);
  const save = async (body: TargetEntry) => {
    const { data } = await client.POST("/api/v1/targets", { body });
    await refresh("/api/v1/targets");
    if (data?.secret) setAdded(data);
  };
  return (
    <Page
      title={t`Channels`}
      actions={<Button look="primary" onClick={() => setAdding(true)}>{t`Add a channel`}</Button>}
    >
      {targets.error && !items ? (
        <Fault error={targets.error} retry={() => targets.refetch()} />
      ) : !items ? (
        <Skeleton rows={4} />
      ) : items.length === 0 ? (
        <Empty title={t`Nobody is notified yet`}>
          <p>{t`Alerts are in the list here. Add a channel to have them sent to people or systems.`}</p>
        </Empty>
      ) : (
        <ul className={ui.rows}>
          {items.map((target) => (
            <Row key={target.target_id} target={target} />
          ))}
        </ul>
      )}
      <More query={targets} />
      {isAdding && (
        <TargetForm title={t`Add a channel`} open close={() => setAdding(false)} save={save} />
      )}
      <Secret secret={added?.secret ?? null} close={() => setAdded(null)} />
    </Page>
  );
}

function Row({ target }: { target: TargetView }) {
  const words = useChannelWords();
  const summary = useSummary();
  return (
    <li>
      <Link to="/channels/$targetId" params={{ targetId: target.target_id }} className={ui.row}>
        <span className={ui.about}>
          <strong>{target.name}</strong>
          <span className="dim">
            {words[target.channel]} · {target.address}
          </span>
          <span className="dim">{summary(target).join(" · ")}</span>
        </span>
        <TargetState target={target} />
      </Link>
    </li>
  );
}

export function TargetState({ target }: { target: TargetView }) {
  const { t } = useLingui();
  if (target.disabled_at) return <Badge tone="bad">{t`Switched off: not reachable`}</Badge>;
  if (!target.is_enabled) return <Badge>{t`Off`}</Badge>;
  return <Badge tone="good">{t`On`}</Badge>;
}
