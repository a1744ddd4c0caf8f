import { useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { client } from "@/api/client";
import { FaultLine, useAct } from "@/ui/act";
import { Button, TextField } from "@/ui/controls";
import { Door } from "./Door";
import css from "./door.module.css";
import { text } from "./PasswordField";

/** Asks for a link to another password. It tells nobody who has a login here. */
export function Forgotten() {
  const { t } = useLingui();
  const [sentTo, setSentTo] = useState("");
  const { busy, fault, run } = useAct();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const email = text(new FormData(event.currentTarget), "email");
    void run(async () => {
      await client.POST("/api/v1/password-resets", { body: { email } });
      setSentTo(email);
    });
  };
  return (
    <Door title={t`Another password`}>
      {sentTo ? (
        <p role="status">{t`If somebody signs in as ${sentTo}, a link is on its way. It works for one hour.`}</p>
      ) : (
        <form className={css.form} onSubmit={submit}>
          <TextField
            label={t`Mail address`}
            hint={t`We send a link there by which you choose another password.`}
            name="email"
            type="email"
            autoComplete="username"
            required
          />
          <FaultLine text={fault} />
          <Button type="submit" look="primary" busy={busy}>{t`Send the link`}</Button>
        </form>
      )}
      <div className={css.ways}>
        <p
          className={css.facts}
        >{t`No mail comes? An owner of your stores can give you a link, too.`}</p>
        <Link to="/sign-in">{t`Back to sign in`}</Link>
      </div>
    </Door>
  );
}
