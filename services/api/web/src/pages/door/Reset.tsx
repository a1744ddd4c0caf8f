import { useLingui } from "@lingui/react/macro";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { client } from "@/api/client";
import { FaultLine, useAct } from "@/ui/act";
import { Button, buttonClass } from "@/ui/controls";
import { Door } from "./Door";
import css from "./door.module.css";
import { NewPasswordField, text } from "./PasswordField";

const route = getRouteApi("/reset/$ticket");

/** By the link of a mail, once: another password, after which all logins are over. */
export function Reset() {
  const { t } = useLingui();
  const { ticket } = route.useParams();
  const [done, setDone] = useState(false);
  const { busy, fault, run } = useAct();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const password = text(new FormData(event.currentTarget), "password");
    void run(async () => {
      await client.POST("/api/v1/password-resets/completion", { body: { ticket, password } });
      setDone(true);
    });
  };
  if (done)
    return (
      <Door title={t`Another password`}>
        <p role="status">{t`The password is changed, and all former logins are over.`}</p>
        <Link to="/sign-in" className={buttonClass("primary")}>{t`Sign in`}</Link>
      </Door>
    );
  return (
    <Door title={t`Another password`}>
      <form className={css.form} onSubmit={submit}>
        <NewPasswordField label={t`New password`} />
        <FaultLine text={fault} />
        <Button type="submit" look="primary" busy={busy}>{t`Change the password`}</Button>
      </form>
      <div className={css.ways}>
        <Link to="/reset/forgotten">{t`Ask for another link`}</Link>
      </div>
    </Door>
  );
}
