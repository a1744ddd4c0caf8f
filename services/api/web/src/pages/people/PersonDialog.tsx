import { useLingui } from "@lingui/react/macro";
import { useState } from "react";
import { client, type UserView } from "@/api/client";
import { refresh } from "@/api/queries";
import { useAct } from "@/ui/act";
import { TextField } from "@/ui/controls";
import { DialogForm } from "@/ui/forms";
import { Dialog } from "@/ui/overlays";
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
  const submit = () =>
    void run(async () => {
      await client.PATCH("/api/v1/users/{user_id}", {
        params: { path: { user_id: user.user_id } },
        body: { name, ...place },
      });
      await refresh("/api/v1/users", "/api/v1/me");
      onClose();
    });
  return (
    <DialogForm verb={t`Save`} submit={submit} cancel={onClose} busy={busy} fault={fault}>
      <TextField
        label={t`Name`}
        value={name}
        onChange={({ target }) => setName(target.value)}
        maxLength={255}
        required
      />
      <RoleFields place={place} onChange={setPlace} />
    </DialogForm>
  );
}
