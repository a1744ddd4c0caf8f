// The fields of a camera, to be added or to be changed.

import { useLingui } from "@lingui/react/macro";
import type { CameraView } from "@/api/client";
import { CheckField, SelectField, TextField } from "@/ui/controls";
import { StoreOptions, useStores } from "@/ui/stores";
import css from "./cameras.module.css";

/** Within a form; `camera` is the one that is changed. */
export function CameraFields({ camera }: { camera?: CameraView }) {
  const { t } = useLingui();
  const stores = useStores();
  return (
    <>
      <div className={css.pair}>
        <TextField
          label={t`Name`}
          name="name"
          defaultValue={camera?.name}
          required
          maxLength={255}
          placeholder={t`Door`}
        />
        {stores.length > 1 && (
          <SelectField
            label={t`Store`}
            name="store_id"
            defaultValue={camera?.store_id ?? undefined}
          >
            <StoreOptions />
          </SelectField>
        )}
      </div>
      <TextField
        label={t`Address`}
        name="address"
        defaultValue={camera?.address}
        required
        spellCheck={false}
        autoCapitalize="off"
        placeholder="rtsp://192.168.1.20/stream2"
        hint={t`RTSP, HLS, MJPEG or MP4. A camera's second, smaller stream is five times cheaper to watch.`}
      />
      <Credentials camera={camera} />
      <details className={css.more} open={camera !== undefined}>
        <summary>{t`Recording, transport, clips`}</summary>
        <div className={css.fields}>
          <TextField
            label={t`Address of the stream to record, if another`}
            name="record_address"
            defaultValue={camera?.record_address ?? ""}
            spellCheck={false}
            placeholder="rtsp://192.168.1.20/stream1"
          />
          <Recording camera={camera} />
          <Clips camera={camera} />
        </div>
      </details>
    </>
  );
}

function Credentials({ camera }: { camera?: CameraView }) {
  const { t } = useLingui();
  const kept = camera?.has_credentials ? t`Kept as it is` : undefined;
  return (
    <>
      <div className={css.pair}>
        <TextField label={t`User name`} name="username" autoComplete="off" placeholder={kept} />
        <TextField
          label={t`Password`}
          name="password"
          type="password"
          autoComplete="new-password"
          placeholder={kept}
        />
      </div>
      {kept && <CheckField label={t`Forget user name and password`} name="forget" />}
    </>
  );
}

function Recording({ camera }: { camera?: CameraView }) {
  const { t } = useLingui();
  return (
    <>
      <div className={css.pair}>
        <SelectField
          label={t`Recording`}
          name="recording"
          defaultValue={camera?.recording ?? "ring"}
        >
          <option value="ring">{t`The latest hours, on disk`}</option>
          <option value="full">{t`Everything, to the store`}</option>
          <option value="off">{t`None`}</option>
        </SelectField>
        <SelectField
          label={t`Transport`}
          name="transport"
          defaultValue={camera?.transport ?? "auto"}
        >
          <option value="auto">{t`Automatic`}</option>
          <option value="tcp">TCP</option>
          <option value="udp">UDP</option>
        </SelectField>
      </div>
      <CheckField
        label={t`Send nothing while nothing moves`}
        name="motion_gate"
        defaultChecked={camera?.motion_gate}
        hint={t`Saves computing; stillness is shown as such.`}
      />
      <CheckField
        label={t`Black out masks in recordings, too`}
        name="masks_recordings"
        defaultChecked={camera?.masks_recordings}
        hint={t`Recordings are then encoded anew, which costs about as much as watching.`}
      />
    </>
  );
}

function Clips({ camera }: { camera?: CameraView }) {
  const { t } = useLingui();
  return (
    <div className={css.pair}>
      <TextField
        label={t`Pictures a second`}
        name="frame_rate"
        type="number"
        min={1}
        max={60}
        step="any"
        defaultValue={camera?.spec.frame_rate ?? 15}
        hint={t`As the detector was trained for; another gets no scores.`}
      />
      <TextField
        label={t`Pictures from one clip to the next`}
        name="hop"
        type="number"
        min={1}
        max={16}
        defaultValue={camera?.spec.hop ?? 16}
      />
    </div>
  );
}
