// A detector is put beside what is live, in a store or in all: it alerts nobody.

import { useLingui } from "@lingui/react/macro";
import { useState } from "react";
import { FaultLine, useAct } from "@/ui/act";
import { Button, SelectField } from "@/ui/controls";
import { Actions } from "@/ui/layout";
import { Dialog } from "@/ui/overlays";
import { notify } from "@/ui/toasts";
import { type Detector, useDeployments } from "../reading";
import { titled } from "../words";
import { lookOn } from "./acts";

export function LookOn({ model }: { model: Detector }) {
  const { t } = useLingui();
  const [open, setOpen] = useState(false);
  const [storeId, setStoreId] = useState("");
  const { busy, fault, run } = useAct();
  const name = titled(model);
  const go = () =>
    run(async () => {
      await lookOn(model.detector, storeId || null);
      setOpen(false);
      notify(t`${name} looks on from now on.`);
    });
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t`Let it look on`}</Button>
      <Dialog title={t`Let ${name} look on`} open={open} onClose={() => setOpen(false)}>
        <p>{t`It judges the live stream beside what is live, and alerts nobody. The two can be compared at any time.`}</p>
        <ScopeField value={storeId} choose={setStoreId} />
        <FaultLine text={fault} />
        <Actions>
          <Button onClick={() => setOpen(false)}>{t`Cancel`}</Button>
          <Button look="primary" busy={busy} onClick={go}>{t`Let it look on`}</Button>
        </Actions>
      </Dialog>
    </>
  );
}

/** A store, or "" for all of them. */
export function ScopeField({
  value,
  choose,
}: {
  value: string;
  choose: (storeId: string) => void;
}) {
  const { t } = useLingui();
  const scopes = useDeployments().data ?? [];
  return (
    <SelectField
      label={t`Where`}
      value={value}
      onChange={(event) => choose(event.currentTarget.value)}
    >
      {scopes.map(({ store_id, store }) => (
        <option key={store_id ?? ""} value={store_id ?? ""}>
          {store ?? t`All stores`}
        </option>
      ))}
    </SelectField>
  );
}
