// A detector is made live: where, on the strength of which comparison, and within which budget.

import { useLingui } from "@lingui/react/macro";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { client } from "@/api/client";
import { refresh } from "@/api/queries";
import { useAct } from "@/ui/act";
import { Button, SelectField, TextField } from "@/ui/controls";
import { DialogForm } from "@/ui/forms";
import { Dialog } from "@/ui/overlays";
import { notify } from "@/ui/toasts";
import { Verdict } from "../comparison/Verdict";
import { type Detector, MODELS, scopeOf, useDeployments } from "../reading";
import { useRunsOf } from "../replays/reading";
import { titled } from "../words";
import { ScopeField } from "./LookOn";

const route = getRouteApi("/shell/models-section/models/$detector");

export function Promote({ model }: { model: Detector }) {
  const { t } = useLingui();
  const { promote } = route.useSearch();
  const navigate = route.useNavigate();
  const open = (run: string | undefined) =>
    void navigate({ search: { promote: run }, replace: true });
  const name = titled(model);
  return (
    <>
      <Button look="primary" onClick={() => open("")}>{t`Make it live`}</Button>
      <Dialog
        title={t`Make ${name} live`}
        open={promote !== undefined}
        onClose={() => open(undefined)}
      >
        <Entry model={model} first={promote ?? ""} close={() => open(undefined)} />
      </Dialog>
    </>
  );
}

function Entry({ model, first, close }: { model: Detector; first: string; close: () => void }) {
  const { t } = useLingui();
  const deployments = useDeployments().data;
  const runs = useRunsOf(model);
  const [storeId, setStoreId] = useState("");
  const [chosen, setChosen] = useState(first);
  const { busy, fault, run } = useAct();
  const name = titled(model);
  const speaks = chosen || runs[0]?.run || NONE;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    const form = new FormData(event.currentTarget);
    const budget = Number(form.get("budget"));
    const etag = scopeOf(deployments, storeId)?.etag;
    void run(async () => {
      await client.POST("/api/v1/models/{detector}/promote", {
        params: { path: { detector: model.detector }, header: { "If-Match": etag ?? "*" } },
        body: {
          store_id: storeId || null,
          run: speaks === NONE ? null : speaks,
          without_comparison: speaks === NONE,
          reason: String(form.get("reason") ?? ""),
          budget_per_day: budget > 0 ? budget : null,
        },
      });
      close();
      notify(t`${name} is live. The services take it up within seconds.`);
      await refresh(...MODELS);
    });
  };
  return (
    <DialogForm verb={t`Make it live`} submit={submit} cancel={close} busy={busy} fault={fault}>
      <ScopeField value={storeId} choose={setStoreId} />
      <SelectField
        label={t`What speaks for it`}
        value={speaks}
        onChange={(event) => setChosen(event.currentTarget.value)}
        hint={
          runs.length
            ? undefined
            : t`No finished replay of it yet: replay the past with it first, and compare.`
        }
      >
        {runs.map((each) => (
          <option key={each.run} value={each.run}>
            {each.label}
          </option>
        ))}
        <option value={NONE}>{t`No comparison`}</option>
      </SelectField>
      {speaks !== NONE && (
        <>
          <Verdict run={speaks} />
          <Link to="/comparison" search={{ run: speaks }}>{t`The whole comparison`}</Link>
        </>
      )}
      <TextField
        label={t`Why`}
        name="reason"
        maxLength={500}
        required={speaks === NONE}
        hint={speaks === NONE ? t`Without a comparison a reason is asked for.` : undefined}
      />
      <TextField
        label={t`Roll back by itself above so many alarms a camera and day`}
        name="budget"
        type="number"
        min="0.01"
        max="1000"
        step="any"
        hint={t`Left empty: three times as many as before, at least one.`}
      />
    </DialogForm>
  );
}

const NONE = "-";
