import { useLingui } from "@lingui/react/macro";
import { getRouteApi, Link, useRouter } from "@tanstack/react-router";
import type { FormEvent } from "react";
import { client } from "@/api/client";
import { queries } from "@/api/queries";
import type { Language } from "@/i18n/language";
import { FaultLine, useAct } from "@/ui/act";
import { Button, TextField } from "@/ui/controls";
import { Door } from "./Door";
import css from "./door.module.css";
import { NewPasswordField, text } from "./PasswordField";

const route = getRouteApi("/setup/$ticket");

/** The first owner, by the link that the first start prints; the first steps follow. */
export function SignUp() {
  const { t, i18n } = useLingui();
  const { ticket } = route.useParams();
  const router = useRouter();
  const { busy, fault, run } = useAct();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const body = {
      ticket,
      name: text(form, "name"),
      email: text(form, "email"),
      password: text(form, "password"),
      language: i18n.locale as Language,
    };
    void run(async () => {
      await client.POST("/api/v1/setup", { body });
      queries.clear();
      await router.navigate({ to: "/setup", search: { step: "store" } });
    });
  };
  return (
    <Door title={t`Set up Nightclerk`}>
      <p className={css.facts}>{t`You become its owner. From then on everybody needs a login.`}</p>
      <form className={css.form} onSubmit={submit}>
        <TextField label={t`Your name`} name="name" autoComplete="name" maxLength={255} required />
        <TextField
          label={t`Mail address`}
          name="email"
          type="email"
          autoComplete="username"
          required
        />
        <NewPasswordField />
        <FaultLine text={fault} />
        <Button type="submit" look="primary" busy={busy}>{t`Create the owner`}</Button>
      </form>
      <div className={css.ways}>
        <Link to="/sign-in">{t`I have a login already`}</Link>
      </div>
    </Door>
  );
}
