// The secret by which a webhook knows our messages: shown once, exchanged without a gap.

import { useLingui } from "@lingui/react/macro";
import { useState } from "react";
import { client, type TargetView } from "@/api/client";
import { refresh } from "@/api/queries";
import { Button } from "@/ui/controls";
import { Badge, Panel, sentence } from "@/ui/layout";
import { Confirm, Dialog } from "@/ui/overlays";
import { notify, notifyFault } from "@/ui/toasts";
import ui from "@/ui/ui.module.css";
import css from "./rules.module.css";

export function Signing({ target }: { target: TargetView }) {
  const { t } = useLingui();
  const [secret, setSecret] = useState<string | null>(null);
  const params = { path: { target_id: target.target_id } };
  const exchange = async () => {
    try {
      const { data } = await client.POST("/api/v1/targets/{target_id}/secrets", { params });
      setSecret(data?.secret ?? null);
      await refresh("/api/v1/targets");
    } catch (error) {
      notifyFault(sentence(error, t`Nightclerk cannot be reached. Is it running?`));
    }
  };
  const drop = async () => {
    await client.DELETE("/api/v1/targets/{target_id}/secrets/former", { params });
    await refresh("/api/v1/targets");
  };
  return (
    <Panel>
      <section className={css.section} aria-labelledby="signing">
        <h2 id="signing">{t`Signature`}</h2>
        {target.secrets > 1 ? (
          <>
            <p>
              <Badge tone="warn">{t`Two secrets sign`}</Badge>{" "}
              {t`Drop the former once the receiver knows the new one.`}
            </p>
            <Confirm
              button={t`Drop the former secret`}
              title={t`Drop the former secret?`}
              verb={t`Drop`}
              act={drop}
            >
              {t`A receiver that knows only the former takes our messages for forged from then on.`}
            </Confirm>
          </>
        ) : (
          <>
            <p className="dim">{t`Messages are signed (Standard Webhooks). The secret was shown once.`}</p>
            <Button onClick={exchange}>{t`Exchange the secret`}</Button>
          </>
        )}
        <Secret secret={secret} close={() => setSecret(null)} />
      </section>
    </Panel>
  );
}

/** Shown this once. */
export function Secret({ secret, close }: { secret: string | null; close: () => void }) {
  const { t } = useLingui();
  const copy = async () => {
    await navigator.clipboard.writeText(secret ?? "");
    notify(t`Copied`);
  };
  return (
    <Dialog title={t`The secret of the webhook`} open={secret !== null} onClose={close}>
      <p>{t`Enter it at the receiver now: it is not shown again.`}</p>
      <code className={css.secret}>{secret}</code>
      <div className={ui.actions}>
        <Button onClick={copy}>{t`Copy`}</Button>
        <Button look="primary" onClick={close}>{t`I have it`}</Button>
      </div>
    </Dialog>
  );
}
