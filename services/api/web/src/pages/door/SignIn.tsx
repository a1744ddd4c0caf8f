import { useLingui } from "@lingui/react/macro";
import { getRouteApi, useRouter } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { client, isProblem } from "@/api/client";
import { queries } from "@/api/queries";
import { Button, TextField } from "@/ui/controls";
import { sentence } from "@/ui/layout";
import ui from "@/ui/ui.module.css";
import css from "./door.module.css";

const route = getRouteApi("/sign-in");

export function SignIn() {
  const { t } = useLingui();
  const { next } = route.useSearch();
  const router = useRouter();
  const [needsCode, setNeedsCode] = useState(false);
  const [fault, setFault] = useState("");
  const [busy, setBusy] = useState(false);

  const enter = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const body = {
      email: String(form.get("email")),
      password: String(form.get("password")),
      code: String(form.get("code") ?? ""),
    };
    setBusy(true);
    try {
      await client.POST("/api/v1/session", { body });
      queries.clear();
      router.history.push(next ?? "/");
    } catch (error) {
      if (isProblem(error, 401) && error.message.includes("code")) setNeedsCode(true);
      setFault(sentence(error, t`Nightclerk cannot be reached. Is it running?`));
    } finally {
      setBusy(false);
    }
  };

  return (
    <main className={css.door}>
      <form className={css.card} onSubmit={enter}>
        <img src="/icon.svg" alt="" width="48" height="48" />
        <h1>Nightclerk</h1>
        <TextField
          label={t`Mail address`}
          name="email"
          type="email"
          autoComplete="username"
          required
        />
        <TextField
          label={t`Password`}
          name="password"
          type="password"
          autoComplete="current-password"
          required
        />
        {needsCode && (
          <TextField
            label={t`Code of your authenticator`}
            name="code"
            inputMode="numeric"
            autoComplete="one-time-code"
            required
          />
        )}
        {fault && (
          <p className={ui.fault} role="alert">
            {fault}
          </p>
        )}
        <Button type="submit" look="primary" busy={busy}>{t`Sign in`}</Button>
      </form>
    </main>
  );
}
