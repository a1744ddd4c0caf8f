import { useLingui } from "@lingui/react/macro";
import { type FormEvent, useState } from "react";
import { client, type KeyEntry } from "@/api/client";
import { refresh } from "@/api/queries";
import { type Right, useMe } from "@/api/session";
import { FaultLine, useAct } from "@/ui/act";
import { Button, CheckField, TextField } from "@/ui/controls";
import { CopyField } from "@/ui/copy";
import { Actions } from "@/ui/layout";
import { Dialog } from "@/ui/overlays";
import css from "./people.module.css";
import { StoreChoice } from "./StoreChoice";
import { useRightNames } from "./words";

type Props = { isOwn: boolean; open: boolean; onClose: () => void };

/** A key is told once: as soon as it is made. */
export function KeyDialog({ isOwn, open, onClose }: Props) {
  const { t } = useLingui();
  const [made, setMade] = useState("");
  const close = () => {
    setMade("");
    onClose();
  };
  return (
    <Dialog title={t`Make a key`} open={open} onClose={close}>
      {made ? (
        <>
          <p>{t`Copy the key now: it is shown only this once.`}</p>
          <CopyField label={t`Key`} value={made} />
          <Actions>
            <Button onClick={close}>{t`Close`}</Button>
          </Actions>
        </>
      ) : (
        <Form isOwn={isOwn} onMade={setMade} />
      )}
    </Dialog>
  );
}

function Form({ isOwn, onMade }: { isOwn: boolean; onMade: (key: string) => void }) {
  const { t } = useLingui();
  const me = useMe();
  const names = useRightNames();
  const [name, setName] = useState("");
  const [rights, setRights] = useState<Right[]>(["view"]);
  const [until, setUntil] = useState("");
  const [stores, setStores] = useState<string[] | null>(null);
  const { busy, fault, run } = useAct();
  const toggle = (right: Right, isIn: boolean) =>
    setRights(rights.filter((other) => other !== right).concat(isIn ? [right] : []));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const expires_at = until ? new Date(`${until}T23:59:59`).toISOString() : null;
    const body: KeyEntry = { name, rights, store_ids: stores, expires_at };
    void run(async () => {
      const { data } = isOwn
        ? await client.POST("/api/v1/me/keys", { body })
        : await client.POST("/api/v1/keys", { body });
      await refresh("/api/v1/keys", "/api/v1/me/keys");
      onMade(data?.key ?? "");
    });
  };
  return (
    <form className={css.form} onSubmit={submit}>
      <TextField
        label={t`Name`}
        hint={t`What uses the key`}
        value={name}
        onChange={({ target }) => setName(target.value)}
        maxLength={255}
        required
      />
      <fieldset className={css.choices}>
        <legend>{t`It may`}</legend>
        {me.rights.map((right) => (
          <CheckField
            key={right}
            label={names[right]}
            checked={rights.includes(right)}
            onChange={({ target }) => toggle(right, target.checked)}
          />
        ))}
      </fieldset>
      <StoreChoice value={stores} onChange={setStores} />
      <TextField
        label={t`Works until`}
        hint={t`Empty: until it is revoked`}
        type="date"
        value={until}
        onChange={({ target }) => setUntil(target.value)}
      />
      <FaultLine text={fault} />
      <Actions>
        <Button type="submit" look="primary" busy={busy} disabled={rights.length === 0}>
          {t`Make the key`}
        </Button>
      </Actions>
    </form>
  );
}
