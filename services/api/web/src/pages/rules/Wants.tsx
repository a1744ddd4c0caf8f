// Of which alerts a target hears: the part of its form that filters.

import { useLingui } from "@lingui/react/macro";
import { $api, type TargetView } from "@/api/client";
import { said } from "@/i18n/said";
import { everyDay, isEmpty, timeZones, type Week } from "@/pages/people/hours/hours";
import { WeekEditor } from "@/pages/people/hours/WeekEditor";
import { SelectField } from "@/ui/controls";
import ui from "@/ui/ui.module.css";
import css from "./rules.module.css";
import { KINDS, SEVERITIES, useKindWords, useSeverityWords } from "./targets";

const NIGHT = { start: "22:00", end: "06:00" };

type Props = {
  target: TargetView | undefined;
  /** null: at all hours. */
  hours: Week | null;
  onHours: (hours: Week | null) => void;
};

export function Wants({ target, hours, onHours }: Props) {
  const { t } = useLingui();
  const severities = useSeverityWords();
  const kinds = useKindWords();
  const query = { limit: 200 };
  const stores = $api.useQuery("get", "/api/v1/stores", { params: { query } }).data?.items ?? [];
  const wants = target?.wants;
  const isFiltered = [wants?.severities, wants?.kinds, wants?.labels, wants?.store_ids].some(
    (listed) => listed?.length,
  );
  return (
    <details className={css.more} open={isFiltered || Boolean(wants?.hours)}>
      <summary>{t`Which alerts`}</summary>
      <p className={ui.hint}>{t`With nothing chosen in a row, all of it.`}</p>
      <Checks
        label={t`Severity`}
        name="severities"
        options={SEVERITIES.map((name) => [name, severities[name]])}
        chosen={wants?.severities ?? []}
      />
      <Checks
        label={t`Kind`}
        name="kinds"
        options={KINDS.map((name) => [name, kinds[name]])}
        chosen={wants?.kinds ?? []}
      />
      <Labels chosen={wants?.labels ?? []} />
      {stores.length > 1 && (
        <Checks
          label={t`Stores`}
          name="stores"
          options={stores.map((store) => [store.store_id, store.name])}
          chosen={wants?.store_ids ?? []}
        />
      )}
      <Hours zone={wants?.time_zone ?? ""} hours={hours} onHours={onHours} />
    </details>
  );
}

/** What alerts may be called, and what was chosen though no rule has it any more. */
function Labels({ chosen }: { chosen: string[] }) {
  const { t } = useLingui();
  const { data } = $api.useQuery("get", "/api/v1/policies/labels");
  const offered = data?.items.map(({ label }) => label) ?? [];
  const all = [...new Set([...offered, ...chosen])];
  return (
    <Checks
      key={offered.join()}
      label={t`What it is about`}
      name="labels"
      options={all.map((label) => [label, said(label)])}
      chosen={chosen}
    />
  );
}

function Checks({
  label,
  name,
  options,
  chosen,
}: {
  label: string;
  name: string;
  options: [string, string][];
  chosen: string[];
}) {
  return (
    <fieldset className={css.checks}>
      <legend>{label}</legend>
      {options.map(([value, word]) => (
        <label key={value}>
          <input
            type="checkbox"
            name={name}
            value={value}
            defaultChecked={chosen.includes(value)}
          />
          {word}
        </label>
      ))}
    </fieldset>
  );
}

function Hours({ zone, hours, onHours }: Omit<Props, "target"> & { zone: string }) {
  const { t } = useLingui();
  return (
    <>
      <SelectField
        label={t`Hours`}
        value={hours ? "certain" : "all"}
        hint={
          hours ? t`A span that ends on the next day belongs to the day it starts on.` : undefined
        }
        onChange={({ target }) => onHours(target.value === "all" ? null : everyDay([NIGHT]))}
      >
        <option value="all">{t`At all hours`}</option>
        <option value="certain">{t`At certain hours of the week`}</option>
      </SelectField>
      {hours && (
        <>
          <WeekEditor week={hours} none={t`hears nothing`} onChange={onHours} />
          {isEmpty(hours) && (
            <p className={ui.fault} role="status">
              {t`Choose hours on at least one day.`}
            </p>
          )}
          <SelectField label={t`By the clock of`} name="zone" defaultValue={zone}>
            <option value="">{t`Each store`}</option>
            {[...new Set([zone, ...timeZones()])].filter(Boolean).map((name) => (
              <option key={name}>{name}</option>
            ))}
          </SelectField>
        </>
      )}
    </>
  );
}
