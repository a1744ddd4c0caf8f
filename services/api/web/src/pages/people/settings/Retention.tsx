import { useLingui } from "@lingui/react/macro";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import type { FormEvent } from "react";
import { $api, client, type KindView, type RetentionRules, type RetentionView } from "@/api/client";
import { refresh } from "@/api/queries";
import { useMe } from "@/api/session";
import { useFormat } from "@/i18n/format";
import { text } from "@/pages/door/PasswordField";
import { FaultLine, useAct } from "@/ui/act";
import { Button, joined, SelectField, TextField } from "@/ui/controls";
import { Loaded, Panel } from "@/ui/layout";
import { StoreOptions } from "@/ui/stores";
import { notify } from "@/ui/toasts";
import css from "../people.module.css";

const PATH = "/api/v1/retention";
const route = getRouteApi("/shell/people-section/settings");
type Kind = keyof RetentionRules;
type Origin = KindView["days_from"];
type Bounds = { days: number | null; gb: number | null };

/** How long what is kept stays, and how much of it: for the chain, or for one of its stores. */
export function Retention() {
  const { t } = useLingui();
  const { store } = route.useSearch();
  const { stores } = useMe();
  const navigate = useNavigate();
  const params = { query: store ? { store_id: store } : {} };
  const found = $api.useQuery("get", PATH, { params });
  return (
    <Panel className={joined(css.panel, css.wide)}>
      <h2>{t`How long things are kept`}</h2>
      {stores.length > 1 && (
        <div className={css.kinds}>
          <SelectField
            label={t`For`}
            value={store ?? ""}
            onChange={({ target }) =>
              navigate({ to: "/settings", search: target.value ? { store: target.value } : {} })
            }
          >
            <StoreOptions all={t`The whole chain`} />
          </SelectField>
        </div>
      )}
      <Loaded query={found} rows={2}>
        {(view) => <Form key={`${view.scope_id} ${view.changed_at}`} view={view} store={store} />}
      </Loaded>
    </Panel>
  );
}

function Form({ view, store }: { view: RetentionView; store: string | undefined }) {
  const { t } = useLingui();
  const { busy, fault, run } = useAct();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const body = entered(new FormData(event.currentTarget), view);
    const query = store ? { store_id: store } : {};
    void run(async () => {
      await client.PUT(PATH, { params: { query }, body });
      await refresh(PATH);
      notify(t`Saved. It is in force within ten minutes.`);
    });
  };
  return (
    <form className={css.form} onSubmit={submit}>
      <p>{t`What is older, or more than fits, is deleted for good, the oldest first; but not what is held.`}</p>
      <div className={css.kinds}>
        {view.in_force.map((kind) => (
          <KindFields key={kind.kind} kind={kind} own={ownOf(view.rules, kind.kind)} />
        ))}
      </div>
      <FaultLine text={fault} />
      <div>
        <Button type="submit" look="primary" busy={busy}>{t`Save`}</Button>
      </div>
    </form>
  );
}

function KindFields({ kind: found, own }: { kind: KindView; own: Partial<Bounds> }) {
  const { t } = useLingui();
  const words = useInForceInWords();
  const { kind, most_days, most_gb } = found;
  const names: Record<Kind, string> = {
    recordings: t`Recordings`,
    evidence: t`Evidence of alerts`,
    uploads: t`Uploaded videos`,
    scores: t`Scores`,
    alerts: t`Alerts and reviews`,
    archive: t`What models saw (archive)`,
  };
  const number = { type: "number", step: "any", placeholder: t`As inherited` };
  return (
    <fieldset className={css.kind}>
      <legend>{names[kind]}</legend>
      <TextField
        {...number}
        label={t`Days`}
        name={`${kind}-days`}
        min="0.04"
        max={most_days ?? undefined}
        defaultValue={own.days ?? ""}
      />
      {own.gb !== undefined && (
        <TextField
          {...number}
          label={t`GB`}
          name={`${kind}-gb`}
          min="0.01"
          max={most_gb ?? undefined}
          defaultValue={own.gb ?? ""}
        />
      )}
      <small>{words(found, own.gb !== undefined)}</small>
    </fieldset>
  );
}

/** "In force: 14 days (the chain); 500 GB (this store)". */
function useInForceInWords(): (kind: KindView, isMeasured: boolean) => string {
  const { t } = useLingui();
  const { number } = useFormat();
  const origins: Record<Origin, string> = {
    machine: t`the machine`,
    tenant: t`the chain`,
    store: t`this store`,
  };
  return ({ days, days_from, gb, gb_from }, isMeasured) => {
    const [most, by] = [number(days ?? 0), origins[days_from]];
    const [size, of] = [number(gb ?? 0), origins[gb_from]];
    const age = days === null ? t`without an end` : t`${most} days (${by})`;
    const all = isMeasured && gb !== null ? `${age}; ${t`${size} GB (${of})`}` : age;
    return t`In force: ${all}`;
  };
}

/** A bound of size there is only of what lies in the object store. */
function ownOf(rules: RetentionRules, kind: Kind): Partial<Bounds> {
  const bound: { days?: number | null; gb?: number | null } = rules[kind];
  return "gb" in bound
    ? { days: bound.days ?? null, gb: bound.gb ?? null }
    : { days: bound.days ?? null };
}

function entered(form: FormData, view: RetentionView): RetentionRules {
  const value = (name: string) => (text(form, name) ? Number(text(form, name)) : null);
  const bounds = view.in_force.map(({ kind }) => {
    const days = value(`${kind}-days`);
    const isMeasured = ownOf(view.rules, kind).gb !== undefined;
    return [kind, isMeasured ? { days, gb: value(`${kind}-gb`) } : { days }];
  });
  return Object.fromEntries(bounds) as RetentionRules;
}
