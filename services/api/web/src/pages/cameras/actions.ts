// What may be done to a camera from several pages.

import { useLingui } from "@lingui/react/macro";
import { type CameraChange, type CameraView, client } from "@/api/client";
import { refresh } from "@/api/queries";
import { sentence } from "@/ui/layout";
import { notify, notifyFault } from "@/ui/toasts";

const PATHS = ["/api/v1/cameras", "/api/v1/sources"];

/** Raises Problem. */
export async function changeCamera(sourceId: string, body: CameraChange): Promise<CameraView> {
  const params = { path: { source_id: sourceId } };
  const { data } = await client.PATCH("/api/v1/cameras/{source_id}", { params, body });
  await refresh(...PATHS);
  return data as CameraView;
}

/** Raises Problem. */
export async function removeCamera(sourceId: string): Promise<void> {
  const params = { path: { source_id: sourceId } };
  await client.DELETE("/api/v1/cameras/{source_id}", { params });
  await refresh(...PATHS, "/api/v1/alerts");
}

/** Pause or resume, with an undo; what fails is shown in a note. */
export function usePausing() {
  const { t } = useLingui();
  const pause = async (camera: CameraView, isPaused: boolean, isUndo = false): Promise<void> => {
    try {
      await changeCamera(camera.source_id, { is_paused: isPaused });
    } catch (error) {
      notifyFault(sentence(error, t`Nightclerk cannot be reached. Is it running?`));
      return;
    }
    if (isUndo) return;
    const { name } = camera;
    notify(isPaused ? t`${name} is paused.` : t`${name} is watched again.`, {
      label: t`Undo`,
      act: () => void pause(camera, !isPaused, true),
    });
  };
  return pause;
}
