// How a camera is reached, watched and recorded; and its end.

import { useLingui } from "@lingui/react/macro";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import type { CameraView } from "@/api/client";
import { Button, joined } from "@/ui/controls";
import { Panel, sentence } from "@/ui/layout";
import { notify } from "@/ui/toasts";
import ui from "@/ui/ui.module.css";
import { changeCamera } from "./actions";
import { CameraFields } from "./CameraFields";
import css from "./cameras.module.css";
import { changeOf } from "./form";
import { RemoveCamera } from "./RemoveCamera";

export default function Settings({ camera }: { camera: CameraView }) {
  const { t } = useLingui();
  const navigate = useNavigate();
  const [fault, setFault] = useState("");
  const [busy, setBusy] = useState(false);
  const save = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    setBusy(true);
    setFault("");
    try {
      await changeCamera(camera.source_id, changeOf(new FormData(event.currentTarget), camera));
      notify(t`Saved. It takes effect within seconds.`);
    } catch (error) {
      setFault(sentence(error, t`Nightclerk cannot be reached. Is it running?`));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Panel className={css.narrow}>
        <form className={css.form} onSubmit={save} autoComplete="off">
          <CameraFields camera={camera} />
          {fault && (
            <p className={ui.fault} role="alert">
              {fault}
            </p>
          )}
          <div className={ui.actions}>
            <Button type="submit" look="primary" busy={busy}>{t`Save`}</Button>
          </div>
        </form>
      </Panel>
      <Panel className={joined(css.panel, css.narrow)}>
        <h2>{t`Remove the camera`}</h2>
        <p className="dim">{t`To keep what was seen, pause it instead.`}</p>
        <div>
          <RemoveCamera
            camera={camera}
            onGone={() => void navigate({ to: "/cameras", search: {} })}
          />
        </div>
      </Panel>
    </>
  );
}
