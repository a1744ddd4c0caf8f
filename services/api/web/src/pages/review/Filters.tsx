// What the list of alerts shows; every choice stands in the address at once.

import { useLingui } from "@lingui/react/macro";
import { useEffect, useState } from "react";
import { $api } from "@/api/client";
import { Button, Field, SelectField } from "@/ui/controls";
import { MomentField } from "@/ui/moments";
import { useStores } from "@/ui/stores";
import css from "./review.module.css";
import { type AlertSearch, isFiltered } from "./search";
import { useWords } from "./words";

const TYPED_MS = 400;
type Change = (change: Partial<AlertSearch>) => void;

export function Filters({
  search,
  change,
  clear,
}: {
  search: AlertSearch;
  change: Change;
  clear: () => void;
}) {
  const { t } = useLingui();
  const { severities, states, verdicts } = useWords();
  const stores = useStores().map(({ store_id, name }) => [store_id, name] as const);
  return (
    <search className={css.filters} aria-label={t`Search alerts`}>
      <When search={search} change={change} />
      <Choice
        label={t`Store`}
        value={search.store_id}
        options={stores}
        pick={(store_id) => change({ store_id, source_id: undefined })}
      />
      <CameraChoice search={search} change={change} />
      <Choice
        label={t`Severity`}
        value={search.severity}
        options={Object.entries(severities) as [NonNullable<AlertSearch["severity"]>, string][]}
        pick={(severity) => change({ severity })}
      />
      <Choice
        label={t`State`}
        value={search.state}
        options={[
          ["open", states.open ?? ""],
          ["closed", states.closed ?? ""],
        ]}
        pick={(state) => change({ state })}
      />
      <Choice
        label={t`Verdict`}
        value={search.verdict}
        options={[
          ["none", t`Not judged yet`],
          ["true", verdicts.true ?? ""],
          ["false", verdicts.false ?? ""],
        ]}
        pick={(verdict) => change({ verdict })}
      />
      <Choice
        label={t`Seen`}
        value={search.seen}
        options={[
          ["no", t`Nobody has seen it`],
          ["yes", t`Somebody has seen it`],
        ]}
        pick={(seen) => change({ seen })}
      />
      <Choice
        label={t`Kind`}
        value={search.kind}
        options={[
          ["incident", t`Incidents`],
          ["health", t`Health of cameras`],
        ]}
        pick={(kind) => change({ kind })}
      />
      <Typed
        label={t`Label`}
        value={search.label ?? ""}
        type="search"
        placeholder={t`Possible fight`}
        pick={(label) => change({ label: label.trim() || undefined })}
      />
      <Typed
        label={t`Score at least`}
        value={search.min_score?.toString() ?? ""}
        type="number"
        placeholder="0.6"
        pick={(score) => change({ min_score: Number(score) || undefined })}
      />
      {isFiltered(search) && (
        <Button look="quiet" className={css.clear} onClick={clear}>{t`Clear all`}</Button>
      )}
    </search>
  );
}

function Choice<T extends string>({
  label,
  value,
  options,
  pick,
}: {
  label: string;
  value: T | undefined;
  options: (readonly [T, string])[];
  pick: (value: T | undefined) => void;
}) {
  const { t } = useLingui();
  return (
    <SelectField
      label={label}
      value={value ?? ""}
      onChange={(event) => pick((event.currentTarget.value || undefined) as T | undefined)}
    >
      <option value="">{t`All`}</option>
      {options.map(([option, word]) => (
        <option key={option} value={option}>
          {word}
        </option>
      ))}
    </SelectField>
  );
}

function CameraChoice({ search, change }: { search: AlertSearch; change: Change }) {
  const { t } = useLingui();
  const params = { query: { store_id: search.store_id, limit: 200 } };
  const { data } = $api.useQuery("get", "/api/v1/sources", { params });
  const options = (data?.items ?? []).map(
    ({ source_id, name, store }) =>
      [source_id, search.store_id || !store ? name : `${store} · ${name}`] as const,
  );
  return (
    <Choice
      label={t`Camera or video`}
      value={search.source_id}
      options={options}
      pick={(source_id) => change({ source_id })}
    />
  );
}

function When({ search, change }: { search: AlertSearch; change: Change }) {
  const { t } = useLingui();
  const [isOwn, setOwn] = useState(Boolean(search.since || search.until));
  const value = isOwn ? "own" : (search.days?.toString() ?? "");
  const pick = (choice: string) => {
    setOwn(choice === "own");
    const days = Number(choice) || undefined;
    change(choice === "own" ? { days: undefined } : { days, since: undefined, until: undefined });
  };
  return (
    <>
      <SelectField
        label={t`Time`}
        value={value}
        onChange={(event) => pick(event.currentTarget.value)}
      >
        <option value="">{t`Any time`}</option>
        <option value="1">{t`Latest 24 hours`}</option>
        <option value="7">{t`Latest 7 days`}</option>
        <option value="30">{t`Latest 30 days`}</option>
        <option value="own">{t`From … to …`}</option>
      </SelectField>
      {isOwn && (
        <>
          <MomentField label={t`From`} value={search.since} pick={(since) => change({ since })} />
          <MomentField label={t`To`} value={search.until} pick={(until) => change({ until })} />
        </>
      )}
    </>
  );
}

/** Takes effect once somebody has stopped typing. */
function Typed({
  label,
  value,
  type,
  placeholder,
  pick,
}: {
  label: string;
  value: string;
  type: "search" | "number";
  placeholder: string;
  pick: (value: string) => void;
}) {
  const [typed, setTyped] = useState(value);
  const [before, setBefore] = useState(value);
  if (before !== value) {
    setBefore(value);
    setTyped(value);
  }
  useEffect(() => {
    if (typed === value) return;
    const timer = setTimeout(() => pick(typed), TYPED_MS);
    return () => clearTimeout(timer);
  });
  const range = type === "number" ? { min: 0, max: 1, step: 0.05 } : {};
  return (
    <Field
      label={label}
      control={(ids) => (
        <input
          {...ids}
          {...range}
          type={type}
          value={typed}
          placeholder={placeholder}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
      )}
    />
  );
}
