import { useLingui } from "@lingui/react/macro";
import { $api, client, type FaceRule } from "@/api/client";
import { refresh } from "@/api/queries";
import { FaultLine, useAct } from "@/ui/act";
import { SelectField } from "@/ui/controls";
import { Loaded, Panel } from "@/ui/layout";
import { notify } from "@/ui/toasts";
import css from "../people.module.css";

const PATH = "/api/v1/face-rule";
type HiddenFor = FaceRule["blurred_for"];

/** From whom faces are hidden, wherever pictures are shown. */
export function Faces() {
  const { t } = useLingui();
  const rule = $api.useQuery("get", PATH);
  const { busy, fault, run } = useAct();
  const change = async (blurred_for: HiddenFor) => {
    const done = await run(() => client.PUT(PATH, { body: { blurred_for } }));
    await refresh(PATH);
    if (done) notify(t`Saved.`);
  };
  return (
    <Panel className={css.panel}>
      <h2>{t`Faces`}</h2>
      <Loaded query={rule} rows={1}>
        {({ blurred_for }) => (
          <SelectField
            label={t`Hidden from`}
            value={blurred_for}
            disabled={busy}
            onChange={({ target }) => change(target.value as HiddenFor)}
          >
            <option value="nobody">{t`Nobody`}</option>
            <option value="viewers">{t`Those who may only view`}</option>
            <option value="everybody">{t`Everybody`}</option>
          </SelectField>
        )}
      </Loaded>
      <p className="dim">
        {t`In live pictures, playback, uploads, alerts and mails. Where the network that finds people did not look, the whole picture is hidden.`}
      </p>
      <FaultLine text={fault} />
    </Panel>
  );
}
