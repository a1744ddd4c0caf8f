// One channel: whether it works, a test that is seen arriving, what was delivered.

import { useLingui } from "@lingui/react/macro";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { $api, client, type TargetEntry, type TargetView } from "@/api/client";
import { refresh } from "@/api/queries";
import { useFormat } from "@/i18n/format";
import { Button } from "@/ui/controls";
import { Loaded, Page, Panel, sentence } from "@/ui/layout";
import { Confirm } from "@/ui/overlays";
import { notify, notifyFault } from "@/ui/toasts";
import ui from "@/ui/ui.module.css";
import { TargetState } from "./Channels";
import { Deliveries } from "./Deliveries";
import css from "./rules.module.css";
import { Signing } from "./Signing";
import { TargetForm } from "./TargetForm";
import { useChannelWords, useSummary } from "./targets";

const route = getRouteApi("/shell/channels/$targetId");

export function Channel() {
  const { targetId } = route.useParams();
  const target = $api.useQuery("get", "/api/v1/targets/{target_id}", {
    params: { path: { target_id: targetId } },
  });
  return <Loaded query={target}>{(view) => <Target key={targetId} target={view} />}</Loaded>;
}

function Target({ target }: { target: TargetView }) {
  const words = useChannelWords();
  const summary = useSummary();
  const [testId, setTestId] = useState<string | null>(null);
  return (
    <Page title={target.name} actions={<Acts target={target} tested={setTestId} />}>
      <p className={ui.facts}>
        <TargetState target={target} />
        <span className="dim">
          {[words[target.channel], target.address, ...summary(target)].join(" · ")}
        </span>
      </p>
      {target.disabled_at && <Dead target={target} since={target.disabled_at} />}
      {target.channel === "webhook" && <Signing target={target} />}
      <Deliveries target={target} testId={testId} />
    </Page>
  );
}

function useActing() {
  const { t } = useLingui();
  return async (act: () => Promise<unknown>) => {
    try {
      await act();
      await refresh("/api/v1/targets");
    } catch (error) {
      notifyFault(sentence(error, t`Nightclerk cannot be reached. Is it running?`));
    }
  };
}

function change(target: TargetView, body: { is_enabled: boolean } | Partial<TargetEntry>) {
  const params = { path: { target_id: target.target_id } };
  return client.PATCH("/api/v1/targets/{target_id}", { params, body });
}

function Acts({ target, tested }: { target: TargetView; tested: (id: string) => void }) {
  const { t } = useLingui();
  const acting = useActing();
  const navigate = useNavigate();
  const [isEditing, setEditing] = useState(false);
  const { name } = target;
  const params = { path: { target_id: target.target_id } };
  const test = () =>
    acting(async () => {
      const { data } = await client.POST("/api/v1/targets/{target_id}/test", { params });
      if (data) tested(data.request_id);
    });
  const remove = async () => {
    await client.DELETE("/api/v1/targets/{target_id}", { params });
    await navigate({ to: "/channels" });
    await refresh("/api/v1/targets");
    notify(t`${name} was deleted`);
  };
  const save = async ({ address, subscription, ...entry }: TargetEntry) => {
    const { name, language, wants, pacing, after_s } = entry;
    await change(target, { name, language, wants, pacing, after_s, ...(address && { address }) });
    await refresh("/api/v1/targets");
  };
  return (
    <>
      <Button look="primary" disabled={!target.is_enabled} onClick={test}>{t`Send a test`}</Button>
      <Button onClick={() => setEditing(true)}>{t`Change`}</Button>
      <Button onClick={() => acting(() => change(target, { is_enabled: !target.is_enabled }))}>
        {target.is_enabled ? t`Switch off` : t`Switch on`}
      </Button>
      <Confirm button={t`Delete`} title={t`Delete ${name}?`} verb={t`Delete`} act={remove}>
        {t`Nothing is sent to it any more, also not what waits to be sent.`}
      </Confirm>
      {isEditing && (
        <TargetForm
          title={t`Change the channel`}
          target={target}
          open
          close={() => setEditing(false)}
          save={save}
        />
      )}
    </>
  );
}

/** It was switched off by itself: why, and the way back. */
function Dead({ target, since }: { target: TargetView; since: string }) {
  const { t } = useLingui();
  const { moment } = useFormat();
  const acting = useActing();
  const when = moment(since);
  const resume = () =>
    acting(async () => {
      await change(target, { is_enabled: true });
      const params = { path: { target_id: target.target_id } };
      const body = { since: target.missed_since };
      const { data } = await client.POST("/api/v1/targets/{target_id}/missed", { params, body });
      const count = data?.count ?? 0;
      notify(t`${count} missed alerts are being delivered`);
    });
  return (
    <Panel className={css.dead} role="alert">
      <p>
        <strong>{t`Switched off on ${when}, since nothing reached it.`}</strong>
      </p>
      <p>{target.disabled_reason}</p>
      <div>
        <Button look="primary" onClick={resume}>{t`Switch on and deliver what it missed`}</Button>
      </div>
    </Panel>
  );
}
