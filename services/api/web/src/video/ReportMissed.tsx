// An event that raised no alert is reported: it teaches the next head, and calibration at once.

import { useLingui } from "@lingui/react/macro";
import { type FormEvent, useId, useState } from "react";
import { $api, client } from "@/api/client";
import { refresh } from "@/api/queries";
import { FaultLine, useAct } from "@/ui/act";
import { Button, SelectField, TextField } from "@/ui/controls";
import { Actions } from "@/ui/layout";
import { Dialog } from "@/ui/overlays";
import { notify } from "@/ui/toasts";
import css from "./video.module.css";

const AROUND_MS = 4_000;
const TO_THE_SECOND = "YYYY-MM-DDTHH:MM:SS".length;

/** `moment` is asked when the form opens: what a player shows then, in ms since 1970. */
export function ReportMissed({
  sourceId,
  storeId,
  moment,
  look = "plain",
}: {
  sourceId?: string | undefined;
  storeId?: string | undefined;
  moment?: () => number;
  look?: "plain" | "quiet";
}) {
  const { t } = useLingui();
  const [at, setAt] = useState<number | null>(null);
  const close = () => setAt(null);
  return (
    <>
      <Button look={look} onClick={() => setAt(moment?.() ?? Date.now() - 60_000)}>
        {t`Report a missed event`}
      </Button>
      <Dialog title={t`Report a missed event`} open={at !== null} onClose={close}>
        {at !== null && <Report at={at} sourceId={sourceId} storeId={storeId} close={close} />}
      </Dialog>
    </>
  );
}

function Report({
  at,
  sourceId,
  storeId,
  close,
}: {
  at: number;
  sourceId: string | undefined;
  storeId: string | undefined;
  close: () => void;
}) {
  const { t } = useLingui();
  const labels = useId();
  const { busy, fault, run } = useAct();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? "").trim();
    const since = new Date(text("since"));
    const until = new Date(since.getTime() + 1000 * Number(text("seconds")));
    void run(async () => {
      await client.POST("/api/v1/missed-events", {
        body: {
          source_id: sourceId ?? text("source"),
          since: since.toISOString(),
          until: until.toISOString(),
          label: text("label"),
          note: text("note") || null,
        },
      });
      close();
      notify(t`Reported. It teaches the next head.`);
      await refresh("/api/v1/missed-events", "/api/v1/learning", "/api/v1/calibrations");
    });
  };
  return (
    <form className={css.report} onSubmit={submit}>
      {!sourceId && <CameraField storeId={storeId} />}
      <TextField
        label={t`What happened`}
        name="label"
        list={labels}
        maxLength={128}
        required
        autoComplete="off"
        hint={t`The name of a rule, such as theft or fight.`}
      />
      <Labels id={labels} />
      <TextField
        label={t`From (by the clock of this browser)`}
        name="since"
        type="datetime-local"
        step="1"
        defaultValue={field(at - AROUND_MS)}
        required
      />
      <TextField
        label={t`For so many seconds`}
        name="seconds"
        type="number"
        min="1"
        max="3600"
        defaultValue={(2 * AROUND_MS) / 1000}
        required
      />
      <TextField label={t`Note`} name="note" maxLength={500} />
      <FaultLine text={fault} />
      <Actions>
        <Button onClick={close}>{t`Cancel`}</Button>
        <Button type="submit" look="primary" busy={busy}>{t`Report`}</Button>
      </Actions>
    </form>
  );
}

/** What heads look for here, and what was marked before. */
function Labels({ id }: { id: string }) {
  const labels = $api.useQuery("get", "/api/v1/learning").data?.labels ?? [];
  const names = new Set(["theft", ...labels.map(({ label }) => label)]);
  return (
    <datalist id={id}>
      {[...names].map((name) => (
        <option key={name} value={name} />
      ))}
    </datalist>
  );
}

function CameraField({ storeId }: { storeId: string | undefined }) {
  const { t } = useLingui();
  const query = { limit: 200, store_id: storeId };
  const cameras = $api.useQuery("get", "/api/v1/cameras", { params: { query } });
  return (
    <SelectField label={t`Camera`} name="source" required>
      {cameras.data?.items.map(({ source_id, name }) => (
        <option key={source_id} value={source_id}>
          {name}
        </option>
      ))}
    </SelectField>
  );
}

/** As a field of date and time has it. */
function field(at: number): string {
  const local = new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString();
  return local.slice(0, TO_THE_SECOND);
}
