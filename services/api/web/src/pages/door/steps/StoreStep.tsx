import { useLingui } from "@lingui/react/macro";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { $api, client, type StoreView } from "@/api/client";
import { refresh } from "@/api/queries";
import { useMay } from "@/api/session";
import { HoursEditor } from "@/pages/people/hours/HoursEditor";
import { FaultLine, useAct } from "@/ui/act";
import { Button, TextField } from "@/ui/controls";
import { Loaded } from "@/ui/layout";
import { Onward } from "./Onward";
import css from "./steps.module.css";

/** The store that there is from the start gets its name, time zone and hours. */
export function StoreStep() {
  const { t } = useLingui();
  const may = useMay("administer");
  const stores = $api.useQuery("get", "/api/v1/stores", { params: { query: { limit: 200 } } });
  return (
    <Loaded query={stores}>
      {({ items }) => {
        const store = items.find(({ is_default }) => is_default) ?? items[0];
        if (store && may) return <StoreForm store={store} />;
        return (
          <>
            <p>{t`Only an owner changes stores.`}</p>
            <Onward to="camera" />
          </>
        );
      }}
    </Loaded>
  );
}

function StoreForm({ store }: { store: StoreView }) {
  const { t } = useLingui();
  const navigate = useNavigate();
  const [name, setName] = useState(store.name);
  const [hours, setHours] = useState(() => inThisZone(store));
  const { busy, fault, run } = useAct();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void run(async () => {
      await client.PATCH("/api/v1/stores/{store_id}", {
        params: { path: { store_id: store.store_id } },
        body: { name, hours },
      });
      await refresh("/api/v1/stores", "/api/v1/me");
      await navigate({ to: "/setup", search: { step: "camera" } });
    });
  };
  return (
    <form className={css.form} onSubmit={submit}>
      <TextField
        label={t`Name of the store`}
        value={name}
        onChange={({ target }) => setName(target.value)}
        maxLength={255}
        required
      />
      <HoursEditor hours={hours} onChange={setHours} brief />
      <FaultLine text={fault} />
      <Onward to="camera" skips>
        <Button type="submit" look="primary" busy={busy}>{t`Save and go on`}</Button>
      </Onward>
    </form>
  );
}

/** A store that was never touched is most likely where this browser is. */
function inThisZone({ hours, created_at, changed_at }: StoreView): StoreView["hours"] {
  if (changed_at !== created_at) return hours;
  return { ...hours, time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone };
}
