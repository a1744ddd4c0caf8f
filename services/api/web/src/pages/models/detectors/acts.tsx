// What changes which detector judges where. Each asks first, and says what it will be like then.

import { useLingui } from "@lingui/react/macro";
import { client } from "@/api/client";
import { refresh } from "@/api/queries";
import { useAct } from "@/ui/act";
import { Button } from "@/ui/controls";
import { sentence } from "@/ui/layout";
import { Confirm } from "@/ui/overlays";
import { notify, notifyFault } from "@/ui/toasts";
import css from "../models.module.css";
import { type Deployment, type Live, MODELS } from "../reading";
import { titled } from "../words";

/** Back to what was live before; it can be made live again at any time. */
export function RollBack({ live, deployment }: { live: Live; deployment: Deployment }) {
  const { t } = useLingui();
  const name = titled(live);
  const where = deployment.store ?? t`All stores`;
  const before = live.before ?? t`what is built in, or live in all stores`;
  const act = async () => {
    await client.POST("/api/v1/deployments/rollback", {
      body: { store_id: deployment.store_id, backbone: live.backbone, reason: "" },
      params: { header: { "If-Match": deployment.etag } },
    });
    await refresh(...MODELS);
    notify(t`${name} is no longer live: ${where}`);
  };
  return (
    <div className={css.acts}>
      <Confirm button={t`Roll back`} title={t`Roll ${name} back?`} verb={t`Roll back`} act={act}>
        <p>{t`${where}: ${before} judges again within seconds. Alerts that are open go on, and nothing is alerted twice. What ${name} scored stays, and it can be made live again.`}</p>
      </Confirm>
    </div>
  );
}

export function RemoveShadow({ detector, storeId }: { detector: string; storeId: string | null }) {
  const { t } = useLingui();
  const { busy, run } = useAct();
  const undo = () => void lookOn(detector, storeId).catch(() => undefined);
  const remove = async () => {
    const query = storeId ? { store_id: storeId } : {};
    const params = { path: { detector }, query };
    await client
      .DELETE("/api/v1/models/{detector}/shadow", { params })
      .then(() => notify(t`It looks on no more.`, { label: t`Undo`, act: undo }))
      .catch((error: unknown) =>
        notifyFault(sentence(error, t`Nightclerk cannot be reached. Is it running?`)),
      );
    await refresh(...MODELS);
  };
  return <Button busy={busy} onClick={() => run(remove)}>{t`Stop looking on`}</Button>;
}

/** Raises Problem. */
export async function lookOn(detector: string, storeId: string | null): Promise<void> {
  const params = { path: { detector } };
  await client.POST("/api/v1/models/{detector}/shadow", { body: { store_id: storeId }, params });
  await refresh(...MODELS);
}
