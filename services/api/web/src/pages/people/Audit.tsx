import { useLingui } from "@lingui/react/macro";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { type AuditEntry, type AuditPage, type AuditVerification, client } from "@/api/client";
import { useFormat } from "@/i18n/format";
import { text } from "@/pages/door/PasswordField";
import { FaultLine, useAct } from "@/ui/act";
import { Button, SelectField, TextField } from "@/ui/controls";
import { CopyField } from "@/ui/copy";
import { Actions, Badge, Empty, Loaded, Panel } from "@/ui/layout";
import { More, usePages } from "@/ui/lists";
import { useDeeds, useNouns } from "./deeds";
import css from "./people.module.css";
import type { AuditSearch } from "./search";

const PATH = "/api/v1/audit";
const route = getRouteApi("/shell/people-section/audit");

/** Who did what; filters stand in the address. */
export function Audit() {
  const { t } = useLingui();
  const search = route.useSearch();
  const entries = usePages<AuditEntry>(PATH, search, async (cursor) => {
    const query = { ...asked(search), cursor };
    const { data } = await client.GET(PATH, { params: { query } });
    return data as AuditPage;
  });
  return (
    <>
      <Verification />
      <Panel className={css.panel}>
        <Filters key={JSON.stringify(search)} search={search} />
        <Loaded query={entries}>
          {({ pages }) => {
            const all = pages.flatMap(({ items }) => items);
            return all.length === 0 ? (
              <Empty title={t`Nothing of that kind`} />
            ) : (
              <ul className={css.rows}>
                {all.map((entry) => (
                  <Entry key={entry.sequence} entry={entry} />
                ))}
              </ul>
            );
          }}
        </Loaded>
        <More query={entries} />
      </Panel>
    </>
  );
}

/** Days as this browser has them: from the first's beginning to the last's end. */
function asked({ since, until, ...rest }: AuditSearch) {
  return {
    ...rest,
    since: since && new Date(`${since}T00:00:00`).toISOString(),
    until: until && new Date(`${until}T23:59:59.999`).toISOString(),
  };
}

function Filters({ search }: { search: AuditSearch }) {
  const { t } = useLingui();
  const navigate = useNavigate();
  const deeds = useDeeds();
  const nouns = useNouns();
  const { action = "" } = search;
  if (action && !(action in nouns)) nouns[action] = deeds[action] ?? action;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const names = ["action", "actor", "since", "until"] as const;
    const given = names.map((name) => [name, text(form, name).trim()]).filter(([, value]) => value);
    void navigate({ to: "/audit", search: Object.fromEntries(given) });
  };
  return (
    <search>
      <form className={css.filters} onSubmit={submit}>
        <SelectField label={t`What`} name="action" defaultValue={search.action ?? ""}>
          <option value="">{t`Everything`}</option>
          {Object.entries(nouns).map(([prefix, name]) => (
            <option key={prefix} value={prefix}>
              {name}
            </option>
          ))}
        </SelectField>
        <TextField label={t`Who`} name="actor" defaultValue={search.actor} maxLength={255} />
        <TextField label={t`From`} name="since" type="date" defaultValue={search.since} />
        <TextField label={t`Until`} name="until" type="date" defaultValue={search.until} />
        <Actions>
          <Button type="submit">{t`Search`}</Button>
          {Object.keys(search).length > 0 && (
            <Button look="quiet" onClick={() => navigate({ to: "/audit", search: {} })}>
              {t`Show all`}
            </Button>
          )}
        </Actions>
      </form>
    </search>
  );
}

function Entry({ entry }: { entry: AuditEntry }) {
  const { t } = useLingui();
  const { moment } = useFormat();
  const deeds = useDeeds();
  const { action, actor_name, address, happened_at, sequence, subject, detail } = entry;
  return (
    <li className={css.entry}>
      <div className={css.head}>
        <strong>{deeds[action] ?? action}</strong>
        <small className="numbers">
          {moment(happened_at)} · #{sequence}
        </small>
      </div>
      <span className={css.who}>{[actor_name, address].filter(Boolean).join(" · ")}</span>
      <details>
        <summary>{t`Details`}</summary>
        <div className={css.detail}>
          {action} {subject}
          {"\n"}
          {JSON.stringify(detail, null, 2)}
        </div>
      </details>
    </li>
  );
}

/** Whether the chain of rows is as it was written. */
function Verification() {
  const { t } = useLingui();
  const [found, setFound] = useState<AuditVerification | null>(null);
  const { busy, fault, run } = useAct();
  const verify = () =>
    run(async () => {
      const { data } = await client.GET(`${PATH}/verification`);
      setFound(data ?? null);
    });
  const { first = 0, last = 0 } = found ?? {};
  return (
    <Panel className={css.panel}>
      <div className={css.head}>
        <h2>{t`Audit log`}</h2>
        <Button busy={busy} onClick={verify}>{t`Check that it is whole`}</Button>
      </div>
      <FaultLine text={fault} />
      {found && (
        <div role="status" className={css.form}>
          {found.is_whole ? (
            <p>
              <Badge tone="good">{t`Whole`}</Badge>{" "}
              {t`Rows ${first} to ${last} follow from one another.`}
            </p>
          ) : (
            <p>
              <Badge tone="bad">{t`Broken`}</Badge> {found.fault}
            </p>
          )}
          {found.head && (
            <CopyField label={t`Note this elsewhere, for a later check`} value={found.head} />
          )}
        </div>
      )}
    </Panel>
  );
}
