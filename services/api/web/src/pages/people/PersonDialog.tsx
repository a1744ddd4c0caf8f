import { useLingui } from "@lingui/react/macro";
import { type FormEvent, useState } from "react";
import { client, type UserView } from "@/api/client";
import { refresh } from "@/api/queries";
import { FaultLine, useAct } from "@/ui/act";
import { Button, TextField } from "@/ui/controls";
import { Actions } from "@/ui/layout";
import { Dialog } from "@/ui/overlays";
import css from "./people.module.css";
import { type Place, RoleFields } from "./RoleFields";

type Props = { user: UserView; open: boolean; onClose: () => void };

export function PersonDialog(props: Props) {
  return (
    <Dialog title={props.user.name} open={props.open} onClose={props.onClose}>
      <Form {...props} />
    </Dialog>
  );
}

function Form({ user, onClose }: Props) {
  const { t } = useLingui();
  const [name, setName] = useState(user.name);
  const [place, setPlace] = useState<Place>({ role: user.role, store_ids: user.store_ids });
  const { busy, fault, run } = useAct();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void run(async () => {
      await client.PATCH("/api/v1/users/{user_id}", {
        params: { path: { user_id: user.user_id } },
        body: { name, ...place },
      });
      await refresh("/api/v1/users", "/api/v1/me");
      onClose();
    });
  };
  return (
    <form className={css.form} onSubmit={submit}>
      <TextField
        label={t`Name`}
        value={name}
        onChange={({ target }) => setName(target.value)}
        maxLength={255}
        required
      />
      <RoleFields place={place} onChange={setPlace} />
      <FaultLine text={fault} />
      <Actions>
        <Button onClick={onClose}>{t`Cancel`}</Button>
        <Button type="submit" look="primary" busy={busy}>{t`Save`}</Button>
      </Actions>
    </form>
  );
}
