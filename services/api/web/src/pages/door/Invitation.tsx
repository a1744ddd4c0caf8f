import { useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useRouter } from "@tanstack/react-router";
import type { FormEvent } from "react";
import { client, type InvitedView } from "@/api/client";
import { queries } from "@/api/queries";
import type { Language } from "@/i18n/language";
import { useRoleHints, useRoleNames } from "@/pages/people/words";
import { FaultLine, useAct } from "@/ui/act";
import { Button, TextField } from "@/ui/controls";
import { Loaded } from "@/ui/layout";
import { Door } from "./Door";
import css from "./door.module.css";
import { NewPasswordField, text } from "./PasswordField";

const route = getRouteApi("/invitation/$ticket");

/** Whoever was invited sees by whom and to what, and chooses name and password. */
export function Invitation() {
  const { t } = useLingui();
  const { ticket } = route.useParams();
  const invited = useQuery({
    queryKey: ["invitation", ticket],
    queryFn: async () => {
      const { data } = await client.POST("/api/v1/invitations/opening", { body: { ticket } });
      return data as InvitedView;
    },
  });
  return (
    <Door title={t`Welcome`}>
      <Loaded query={invited} rows={2}>
        {(invitation) => <Join ticket={ticket} invitation={invitation} />}
      </Loaded>
      <div className={css.ways}>
        <Link to="/sign-in">{t`I have a login already`}</Link>
      </div>
    </Door>
  );
}

function Join({ ticket, invitation }: { ticket: string; invitation: InvitedView }) {
  const { t, i18n } = useLingui();
  const router = useRouter();
  const roles = useRoleNames();
  const hints = useRoleHints();
  const { busy, fault, run } = useAct();
  const { invited_by: inviter } = invitation;
  const role = roles[invitation.role];
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const body = {
      ticket,
      name: text(form, "name"),
      password: text(form, "password"),
      language: i18n.locale as Language,
    };
    void run(async () => {
      await client.POST("/api/v1/invitations/acceptance", { body });
      queries.clear();
      router.history.push("/");
    });
  };
  return (
    <form className={css.form} onSubmit={submit}>
      <p className={css.facts}>
        {t`${inviter} invites you to Nightclerk. Your role: ${role}.`} {hints[invitation.role]}
      </p>
      <TextField
        label={t`Mail address`}
        value={invitation.email}
        autoComplete="username"
        readOnly
      />
      <TextField label={t`Your name`} name="name" autoComplete="name" maxLength={255} required />
      <NewPasswordField />
      <FaultLine text={fault} />
      <Button type="submit" look="primary" busy={busy}>{t`Begin`}</Button>
    </form>
  );
}
