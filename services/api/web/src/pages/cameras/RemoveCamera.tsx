import { useLingui } from "@lingui/react/macro";
import type { CameraView } from "@/api/client";
import { Confirm } from "@/ui/overlays";
import { notify } from "@/ui/toasts";
import { removeCamera } from "./actions";

/** Asks once, naming what goes. */
export function RemoveCamera({ camera, onGone }: { camera: CameraView; onGone?: () => void }) {
  const { t } = useLingui();
  const { name, source_id: sourceId } = camera;
  const remove = async () => {
    await removeCamera(sourceId);
    notify(t`${name} was removed.`);
    onGone?.();
  };
  return (
    <Confirm
      button={
        <>
          {t`Remove`}
          <span className="unseen"> {name}</span>
        </>
      }
      title={t`Remove ${name}?`}
      verb={t`Remove`}
      act={remove}
    >
      <p>{t`Its scores, alerts, evidence and recordings go with it. That cannot be undone.`}</p>
    </Confirm>
  );
}
