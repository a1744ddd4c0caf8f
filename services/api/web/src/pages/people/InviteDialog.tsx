import { useLingui } from "@lingui/react/macro";
import { type FormEvent, useState } from "react";
import { client } from "@/api/client";
import { refresh } from "@/api/queries";
import { LANGUAGES, type Language } from "@/i18n/language";
import { FaultLine, useAct } from "@/ui/act";
import { Button, SelectField, TextField } from "@/ui/controls";
import { CopyField } from "@/ui/copy";
import { Actions } from "@/ui/layout";
import { Dialog } from "@/ui/overlays";
import css from "./people.module.css";
import { type Place, RoleFields } from "./RoleFields";

type Sent = { email: string; url: string | null };

/** By mail; where no mail server is set, by a link that is shown this once. */
export function InviteDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useLingui();
  const [sent, setSent] = useState<Sent | null>(null);
  const close = () => {
    setSent(null);
    onClose();
  };
  return (
    <Dialog title={t`Invite somebody`} open={open} onClose={close}>
      {sent ? <Done sent={sent} onClose={close} /> : <Form onSent={setSent} />}
    </Dialog>
  );
}

function Form({ onSent }: { onSent: (sent: Sent) => void }) {
  const { t, i18n } = useLingui();
  const [email, setEmail] = useState("");
  const [language, setLanguage] = useState(i18n.locale as Language);
  const [place, setPlace] = useState<Place>({ role: "viewer", store_ids: null });
  const { busy, fault, run } = useAct();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void run(async () => {
      const body = { email, language, ...place };
      const { data } = await client.POST("/api/v1/invitations", { body });
      await refresh("/api/v1/invitations");
      onSent({ email, url: data?.url ?? null });
    });
  };
  return (
    <form className={css.form} onSubmit={submit}>
      <TextField
        label={t`Mail address`}
        type="email"
        value={email}
        onChange={({ target }) => setEmail(target.value)}
        required
      />
      <RoleFields place={place} onChange={setPlace} />
      <SelectField
        label={t`Language of the invitation`}
        value={language}
        onChange={({ target }) => setLanguage(target.value as Language)}
      >
        {Object.entries(LANGUAGES).map(([name, word]) => (
          <option key={name} value={name}>
            {word}
          </option>
        ))}
      </SelectField>
      <FaultLine text={fault} />
      <Actions>
        <Button type="submit" look="primary" busy={busy}>{t`Invite`}</Button>
      </Actions>
    </form>
  );
}

function Done({ sent: { email, url }, onClose }: { sent: Sent; onClose: () => void }) {
  const { t } = useLingui();
  return (
    <>
      {url ? (
        <>
          <p>{t`No mail server is set. Send this link to ${email} yourself; it works once, for a week, and is shown only now.`}</p>
          <CopyField label={t`Link`} value={url} />
        </>
      ) : (
        <p role="status">{t`An invitation is on its way to ${email}. It works for a week.`}</p>
      )}
      <Actions>
        <Button onClick={onClose}>{t`Close`}</Button>
      </Actions>
    </>
  );
}
