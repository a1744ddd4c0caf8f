import { useLingui } from "@lingui/react/macro";
import { type FormEvent, useState } from "react";
import { $api, client, type SingleSignOnView } from "@/api/client";
import { refresh } from "@/api/queries";
import { text } from "@/pages/door/PasswordField";
import { FaultLine, useAct } from "@/ui/act";
import { Button, CheckField, TextField } from "@/ui/controls";
import { CopyField } from "@/ui/copy";
import { Actions, Badge, Loaded, Panel } from "@/ui/layout";
import { Confirm } from "@/ui/overlays";
import { notify } from "@/ui/toasts";
import css from "../people.module.css";
import { type Place, RoleFields } from "../RoleFields";

const PATH = "/api/v1/single-sign-on";

/** By OpenID Connect: the provider's address, who comes by it, and what newcomers may do. */
export function SingleSignOn() {
  const { t } = useLingui();
  const found = $api.useQuery("get", PATH);
  return (
    <Panel className={css.panel}>
      <h2>{t`Single sign-on`}</h2>
      <Loaded query={found} rows={2}>
        {(view) => <Form key={view.changed_at} view={view} />}
      </Loaded>
    </Panel>
  );
}

function Form({ view }: { view: SingleSignOnView }) {
  const { t } = useLingui();
  const [newcomers, setNewcomers] = useState<Place | null>(
    view.newcomers && { ...view.newcomers, store_ids: view.newcomers.store_ids ?? null },
  );
  const { busy, fault, run } = useAct();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const secret = text(form, "secret");
    const body = {
      issuer: text(form, "issuer"),
      client_id: text(form, "client"),
      ...(secret && { client_secret: secret }),
      mail_domains: text(form, "domains")
        .split(/[\s,]+/)
        .filter(Boolean),
      newcomers: newcomers as SingleSignOnView["newcomers"],
    };
    void run(async () => {
      await client.PUT(PATH, { body });
      await refresh(PATH);
      notify(t`Saved.`);
    });
  };
  const takeAway = async () => {
    await client.DELETE(PATH);
    await refresh(PATH, "/api/v1/access-rules");
  };
  return (
    <form className={css.form} onSubmit={submit}>
      <p>{view.is_on ? <Badge tone="good">{t`On`}</Badge> : <Badge>{t`Off`}</Badge>}</p>
      <CopyField
        label={t`Redirect address, to be entered at the provider`}
        value={view.redirect_uri}
      />
      <TextField
        label={t`Issuer of the provider (OpenID Connect)`}
        name="issuer"
        type="url"
        placeholder="https://login.example"
        defaultValue={view.issuer ?? ""}
        required
      />
      <TextField label={t`Client id`} name="client" defaultValue={view.client_id ?? ""} required />
      <TextField
        label={t`Client secret`}
        hint={view.has_client_secret ? t`There is one; it stays if this is empty.` : undefined}
        name="secret"
        type="password"
        autoComplete="off"
      />
      <TextField
        label={t`Mail domains`}
        hint={t`Whoever has such an address is shown this way to sign in.`}
        name="domains"
        placeholder="shop.example"
        defaultValue={view.mail_domains.join(", ")}
        required
      />
      <CheckField
        label={t`Whoever is new gets an account`}
        hint={t`Else only those who were invited.`}
        checked={newcomers !== null}
        onChange={({ target }) =>
          setNewcomers(target.checked ? { role: "viewer", store_ids: null } : null)
        }
      />
      {newcomers && <RoleFields place={newcomers} onChange={setNewcomers} />}
      <FaultLine text={fault} />
      <Actions>
        <Button type="submit" look="primary" busy={busy}>{t`Save`}</Button>
        {view.is_on && (
          <Confirm
            button={t`Switch off`}
            title={t`Switch single sign-on off?`}
            verb={t`Switch off`}
            act={takeAway}
          >
            {t`Everybody signs in by password again. Whoever has none asks for a link to one.`}
          </Confirm>
        )}
      </Actions>
    </form>
  );
}
