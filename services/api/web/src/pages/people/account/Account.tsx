import { useLingui } from "@lingui/react/macro";
import type { FormEvent } from "react";
import { client } from "@/api/client";
import { queries } from "@/api/queries";
import { ME, useMe } from "@/api/session";
import { choose, LANGUAGES, type Language } from "@/i18n/language";
import { NewPasswordField, text } from "@/pages/door/PasswordField";
import { FaultLine, useAct } from "@/ui/act";
import { Button, SelectField, TextField } from "@/ui/controls";
import { Panel } from "@/ui/layout";
import { notify } from "@/ui/toasts";
import css from "../people.module.css";
import { SecondFactor } from "./SecondFactor";
import { Sessions } from "./Sessions";

export function Account() {
  return (
    <div className={css.columns}>
      <Profile />
      <SecondFactor />
      <Password />
      <Sessions />
    </div>
  );
}

function Profile() {
  const { t, i18n } = useLingui();
  const me = useMe();
  const { busy, fault, run } = useAct();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const language = text(form, "language") as Language;
    void run(async () => {
      const body = { name: text(form, "name"), language };
      const { data } = await client.PATCH("/api/v1/me", { body });
      queries.setQueryData(ME.queryKey, data);
      await choose(language);
      notify(t`Saved.`);
    });
  };
  return (
    <Panel className={css.panel}>
      <h2>{t`Your account`}</h2>
      <form className={css.form} onSubmit={submit}>
        <TextField label={t`Mail address`} value={me.email ?? ""} readOnly />
        <TextField
          label={t`Your name`}
          name="name"
          defaultValue={me.name}
          autoComplete="name"
          maxLength={255}
          required
        />
        <SelectField label={t`Language`} name="language" defaultValue={i18n.locale}>
          {Object.entries(LANGUAGES).map(([name, word]) => (
            <option key={name} value={name}>
              {word}
            </option>
          ))}
        </SelectField>
        <FaultLine text={fault} />
        <div>
          <Button type="submit" busy={busy}>{t`Save`}</Button>
        </div>
      </form>
    </Panel>
  );
}

function Password() {
  const { t } = useLingui();
  const { busy, fault, run } = useAct();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const entered = new FormData(form);
    const body = { current: text(entered, "current"), password: text(entered, "password") };
    void run(async () => {
      await client.POST("/api/v1/me/password", { body });
      form.reset();
      notify(t`The password is changed, and all other logins are over.`);
    });
  };
  return (
    <Panel className={css.panel}>
      <h2>{t`Password`}</h2>
      <form className={css.form} onSubmit={submit}>
        <TextField
          label={t`Current password`}
          name="current"
          type="password"
          autoComplete="current-password"
          required
        />
        <NewPasswordField label={t`New password`} />
        <FaultLine text={fault} />
        <div>
          <Button type="submit" busy={busy}>{t`Change the password`}</Button>
        </div>
      </form>
    </Panel>
  );
}
