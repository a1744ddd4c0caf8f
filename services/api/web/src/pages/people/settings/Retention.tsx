import { useLingui } from "@lingui/react/macro";
import type { FormEvent } from "react";
import { $api, client, type RetentionRules, type RetentionView } from "@/api/client";
import { refresh } from "@/api/queries";
import { useFormat } from "@/i18n/format";
import { text } from "@/pages/door/PasswordField";
import { FaultLine, useAct } from "@/ui/act";
import { Button, TextField } from "@/ui/controls";
import { Loaded, Panel } from "@/ui/layout";
import { notify } from "@/ui/toasts";
import css from "../people.module.css";

const PATH = "/api/v1/retention";
type Kind = keyof RetentionRules;

/** How many days what is kept stays, for the whole chain. Bounds of size that were set stay. */
export function Retention() {
  const { t } = useLingui();
  const found = $api.useQuery("get", PATH);
  return (
    <Panel className={css.panel}>
      <h2>{t`How long things are kept`}</h2>
      <Loaded query={found} rows={2}>
        {(view) => <Form key={view.changed_at} view={view} />}
      </Loaded>
    </Panel>
  );
}

function Form({ view }: { view: RetentionView }) {
  const { t } = useLingui();
  const { number } = useFormat();
  const { busy, fault, run } = useAct();
  const names: Record<Kind, string> = {
    recordings: t`Recordings`,
    evidence: t`Evidence of alerts`,
    uploads: t`Uploaded videos`,
    scores: t`Scores`,
    alerts: t`Alerts and reviews`,
    archive: t`What networks saw (archive)`,
  };
  const hint = (days: number | null) => {
    if (days === null) return t`empty: without an end`;
    const shown = number(days);
    return t`empty: ${shown} days, as the machine has it`;
  };
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const body = Object.fromEntries(
      Object.keys(names).map((kind) => {
        const days = text(form, kind);
        return [kind, { ...view.rules[kind as Kind], days: days ? Number(days) : null }];
      }),
    ) as RetentionRules;
    void run(async () => {
      await client.PUT(PATH, { body });
      await refresh(PATH);
      notify(t`Saved. It is in force within ten minutes.`);
    });
  };
  return (
    <form className={css.form} onSubmit={submit}>
      <p>{t`In days. What is older is deleted for good, but for what is held.`}</p>
      <div className={css.filters}>
        {view.in_force.map(({ kind, most_days }) => (
          <TextField
            key={kind}
            label={names[kind]}
            hint={hint(most_days)}
            name={kind}
            type="number"
            min="0.04"
            max={most_days ?? undefined}
            step="any"
            defaultValue={view.rules[kind].days ?? ""}
          />
        ))}
      </div>
      <FaultLine text={fault} />
      <div>
        <Button type="submit" busy={busy}>{t`Save`}</Button>
      </div>
    </form>
  );
}
