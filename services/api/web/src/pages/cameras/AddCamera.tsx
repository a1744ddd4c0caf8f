// A camera to be added, and then whether a picture comes: said on the spot, while one still stands
// before the camera.

import { useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useRef, useState } from "react";
import { type CameraView, client } from "@/api/client";
import { refresh } from "@/api/queries";
import { said } from "@/i18n/said";
import { Button, buttonClass } from "@/ui/controls";
import { DialogForm } from "@/ui/forms";
import { Badge, sentence } from "@/ui/layout";
import { Dialog } from "@/ui/overlays";
import ui from "@/ui/ui.module.css";
import { CameraFields } from "./CameraFields";
import css from "./cameras.module.css";
import { entryOf } from "./form";
import { Screen, type ScreenHandle } from "./live/Screen";
import { useLivePictures } from "./live/useLivePictures";
import { useCamera } from "./reading";
import { TONES, useWords } from "./words";

export function AddCamera({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useLingui();
  const [added, setAdded] = useState<CameraView | null>(null);
  const close = () => {
    setAdded(null);
    onClose();
  };
  return (
    <Dialog title={added ? added.name : t`Add a camera`} open={open} onClose={close}>
      {added ? (
        <FirstPicture camera={added} onClose={close} onAnother={() => setAdded(null)} />
      ) : (
        <Form onAdded={setAdded} onClose={close} />
      )}
    </Dialog>
  );
}

function Form({
  onAdded,
  onClose,
}: {
  onAdded: (camera: CameraView) => void;
  onClose: () => void;
}) {
  const { t } = useLingui();
  const [fault, setFault] = useState("");
  const [busy, setBusy] = useState(false);
  const add = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const body = entryOf(new FormData(event.currentTarget));
    setBusy(true);
    setFault("");
    try {
      const { data } = await client.POST("/api/v1/cameras", { body });
      void refresh("/api/v1/cameras", "/api/v1/sources");
      if (data) onAdded(data as CameraView);
    } catch (error) {
      setFault(sentence(error, t`Nightclerk cannot be reached. Is it running?`));
    } finally {
      setBusy(false);
    }
  };
  return (
    <DialogForm verb={t`Add`} submit={add} cancel={onClose} busy={busy} fault={fault}>
      <CameraFields />
    </DialogForm>
  );
}

/** How the connection goes: the state follows health events, the picture comes by itself. */
function FirstPicture({
  camera,
  onClose,
  onAnother,
}: {
  camera: CameraView;
  onClose: () => void;
  onAnother: () => void;
}) {
  const { t } = useLingui();
  const { states } = useWords();
  const screen = useRef<ScreenHandle>(null);
  const [comes, setComes] = useState(false);
  const sourceId = camera.source_id;
  const { data = camera } = useCamera(sourceId);
  useLivePictures(`/api/v1/sources/${sourceId}/live`, (header, jpeg) => {
    if (!jpeg) return;
    setComes(true);
    void screen.current?.show(header, jpeg);
  });
  const state = comes ? "online" : data.state;
  return (
    <>
      <Screen
        ref={screen}
        label={t`Live picture of ${camera.name}`}
        empty={state === "offline" ? t`No picture comes.` : t`Connecting…`}
      />
      <p className={css.line} role="status">
        <Badge tone={TONES[state]}>{states[state]}</Badge>
        {!comes && <span>{said(data.reason)}</span>}
        {comes && <span>{t`A picture comes. The camera is watched from now on.`}</span>}
      </p>
      {state === "offline" && (
        <p className="dim">{t`It is tried again and again. Address and password can be mended in its settings.`}</p>
      )}
      <div className={ui.actions}>
        <Button onClick={onAnother}>{t`Add another`}</Button>
        <Link
          to="/cameras/$sourceId"
          params={{ sourceId }}
          search={state === "offline" ? { tab: "settings" } : {}}
          className={buttonClass("primary")}
          onClick={onClose}
        >
          {state === "offline" ? t`Settings` : t`To the camera`}
        </Link>
      </div>
    </>
  );
}
