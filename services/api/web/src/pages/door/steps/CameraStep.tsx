import { useLingui } from "@lingui/react/macro";
import { type FormEvent, useState } from "react";
import { $api, type CameraEntry, type CameraView, client } from "@/api/client";
import { refresh } from "@/api/queries";
import { said } from "@/i18n/said";
import { FaultLine, useAct } from "@/ui/act";
import { Button, TextField } from "@/ui/controls";
import { Badge, Loaded } from "@/ui/layout";
import { text } from "../PasswordField";
import { Onward } from "./Onward";
import css from "./steps.module.css";
import { UploadInstead } from "./UploadInstead";

/** The first camera, and how it does; or a recording to begin with. */
export function CameraStep() {
  const { t } = useLingui();
  const [added, setAdded] = useState<string | null>(null);
  const [uploaded, setUploaded] = useState(false);
  if (added) return <Added sourceId={added} another={() => setAdded(null)} />;
  return (
    <>
      <p>{t`Give the address of a camera's video stream. The smaller, second stream of a camera is enough for watching and costs a fifth.`}</p>
      <CameraForm onAdded={setAdded} />
      <UploadInstead onDone={() => setUploaded(true)} />
      <Onward to="check" skips={!uploaded} />
    </>
  );
}

function CameraForm({ onAdded }: { onAdded: (sourceId: string) => void }) {
  const { t } = useLingui();
  const { busy, fault, run } = useAct();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const body = {
      name: text(form, "name"),
      address: text(form, "address").trim(),
      username: text(form, "username"),
      password: text(form, "password"),
    } as CameraEntry;
    void run(async () => {
      const { data } = await client.POST("/api/v1/cameras", { body });
      await refresh("/api/v1/cameras");
      if (data) onAdded(data.source_id);
    });
  };
  return (
    <form className={css.form} onSubmit={submit} autoComplete="off">
      <div className={css.pair}>
        <TextField label={t`Name of the camera`} name="name" maxLength={255} required />
        <TextField
          label={t`Address`}
          name="address"
          placeholder="rtsp://192.168.1.20/stream2"
          inputMode="url"
          spellCheck={false}
          required
        />
        <TextField label={t`User name`} name="username" hint={t`If the camera asks for one`} />
        <TextField
          label={t`Password`}
          name="password"
          type="password"
          autoComplete="off"
          hint={t`Kept sealed, never shown`}
        />
      </div>
      <FaultLine text={fault} />
      <div>
        <Button type="submit" look="primary" busy={busy}>{t`Add the camera`}</Button>
      </div>
    </form>
  );
}

/** Events tell when it is online, or why not. */
function Added({ sourceId, another }: { sourceId: string; another: () => void }) {
  const { t } = useLingui();
  const camera = $api.useQuery("get", "/api/v1/cameras/{source_id}", {
    params: { path: { source_id: sourceId } },
  });
  return (
    <>
      <Loaded query={camera} rows={1}>
        {(view) => <State camera={view} />}
      </Loaded>
      <div>
        <Button onClick={another}>{t`Add another camera`}</Button>
      </div>
      <Onward to="check" />
    </>
  );
}

function State({
  camera: { name, state, reason },
}: {
  camera: Pick<CameraView, "name" | "state" | "reason">;
}) {
  const { t } = useLingui();
  const states = {
    online: <Badge tone="good">{t`Online`}</Badge>,
    offline: <Badge tone="bad">{t`Offline`}</Badge>,
    paused: <Badge>{t`Paused`}</Badge>,
    starting: <Badge tone="busy">{t`Starting`}</Badge>,
  };
  return (
    <p role="status">
      {name} {states[state]} {said(reason)}
    </p>
  );
}
