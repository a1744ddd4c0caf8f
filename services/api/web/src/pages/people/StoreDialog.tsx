import { useLingui } from "@lingui/react/macro";
import { useState } from "react";
import { client, type StoreView } from "@/api/client";
import { refresh } from "@/api/queries";
import { useAct } from "@/ui/act";
import { TextField } from "@/ui/controls";
import { DialogForm } from "@/ui/forms";
import { Dialog } from "@/ui/overlays";
import { HoursEditor } from "./hours/HoursEditor";
import { everyDay, type Hours } from "./hours/hours";

type Props = { store?: StoreView; open: boolean; onClose: () => void };

/** Another store, or what changes of one. */
export function StoreDialog(props: Props) {
  const { t } = useLingui();
  return (
    <Dialog title={props.store?.name ?? t`Add a store`} open={props.open} onClose={props.onClose}>
      <Form {...props} />
    </Dialog>
  );
}

function Form({ store, onClose }: Props) {
  const { t } = useLingui();
  const [name, setName] = useState(store?.name ?? "");
  const [hours, setHours] = useState<Hours>(() => store?.hours ?? untouched());
  const { busy, fault, run } = useAct();
  const submit = () => {
    const body = { name, hours };
    void run(async () => {
      if (store) {
        const params = { path: { store_id: store.store_id } };
        await client.PATCH("/api/v1/stores/{store_id}", { params, body });
      } else await client.POST("/api/v1/stores", { body });
      await refresh("/api/v1/stores", "/api/v1/me");
      onClose();
    });
  };
  return (
    <DialogForm verb={t`Save`} submit={submit} cancel={onClose} busy={busy} fault={fault}>
      <TextField
        label={t`Name of the store`}
        value={name}
        onChange={({ target }) => setName(target.value)}
        maxLength={255}
        required
      />
      <HoursEditor hours={hours} onChange={setHours} />
    </DialogForm>
  );
}

/** It never closes, nobody is there, and it is where this browser is. */
function untouched(): Hours {
  return {
    time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    open: null,
    staffed: everyDay([]),
    holidays: [],
  };
}
