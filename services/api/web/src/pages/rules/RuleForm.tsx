// The form of a rule, in the words of the field. What it says is checked by the API when it is saved.

import { useLingui } from "@lingui/react/macro";
import type { FormEvent } from "react";
import type { PersistenceRule, PresenceRule } from "@/api/client";
import { said } from "@/i18n/said";
import { SelectField, TextField } from "@/ui/controls";
import { DialogForm } from "@/ui/forms";
import { Dialog } from "@/ui/overlays";
import ui from "@/ui/ui.module.css";
import type { Entry, InForce } from "./policies";
import css from "./rules.module.css";
import { SEVERITIES, type Severity, useSeverityWords } from "./targets";
import { PERIODS, type Period, usePeriodWords } from "./words";

type Props = {
  entry: Entry;
  effective: InForce | undefined;
  close: () => void;
  done: (entry: Entry) => void;
};

export function RuleForm({ entry, effective, close, done }: Props) {
  const { t } = useLingui();
  const isNew = entry.rule.name === "";
  const submit = (event: FormEvent<HTMLFormElement>) =>
    done(changed(entry, new FormData(event.currentTarget)));
  const what = said(entry.rule.label);
  return (
    <Dialog title={isNew ? t`New rule on presence` : t`Rule ${what}`} open onClose={close}>
      <DialogForm verb={t`Apply`} submit={submit} cancel={close}>
        {isNew && <TextField label={t`Name of the rule`} name="name" required maxLength={128} />}
        <TextField
          label={t`What people read`}
          name="label"
          required
          maxLength={128}
          defaultValue={what}
        />
        <When entry={entry} />
        {entry.kind === "rules" ? (
          <Persistence rule={entry.rule} />
        ) : (
          <Presence rule={entry.rule} effective={effective} />
        )}
      </DialogForm>
    </Dialog>
  );
}

function When({ entry }: { entry: Entry }) {
  const { t } = useLingui();
  const severities = useSeverityWords();
  const periods = usePeriodWords();
  return (
    <div className={css.grid}>
      <SelectField label={t`Severity`} name="severity" defaultValue={entry.rule.severity}>
        {SEVERITIES.map((severity) => (
          <option key={severity} value={severity}>
            {severities[severity]}
          </option>
        ))}
      </SelectField>
      <SelectField label={t`When`} name="during" defaultValue={entry.rule.during}>
        {PERIODS.map((period) => (
          <option key={period} value={period}>
            {periods[period]}
          </option>
        ))}
      </SelectField>
    </div>
  );
}

function Persistence({ rule }: { rule: PersistenceRule }) {
  const { t } = useLingui();
  return (
    <>
      <div className={css.grid}>
        <Numeric label={t`High mark`} name="high" value={rule.high} max={1} step={0.01} />
        <Numeric label={t`Low mark`} name="low" value={rule.low} max={1} step={0.01} />
      </div>
      <p className={ui.hint}>
        {t`An alert opens when k of the latest n windows reach the high mark, and closes after m in a row below the low mark.`}
      </p>
      <div className={css.grid}>
        <Numeric label={t`k windows`} name="k" value={rule.k} min={1} />
        <Numeric label={t`of the latest n`} name="n" value={rule.n} min={1} max={1000} />
        <Numeric label={t`m windows below`} name="m" value={rule.m} min={1} />
      </div>
      <div className={css.grid}>
        <Numeric
          label={t`A single window opens it from`}
          name="alone"
          value={rule.alone ?? null}
          max={1}
          step={0.01}
          isOptional
        />
        <Numeric
          label={t`Seconds at least`}
          name="min_duration_s"
          value={rule.min_duration_s}
          max={3600}
          step={0.1}
        />
        <Numeric
          label={t`Seconds of rest after`}
          name="cooldown_s"
          value={rule.cooldown_s}
          step={1}
        />
      </div>
      <Numeric
        label={t`Alarm budget: false alarms a camera and day`}
        name="budget_per_day"
        value={rule.budget_per_day ?? null}
        min={0.01}
        max={1000}
        step={0.01}
        isOptional
        hint={t`The mark is raised as far as the camera's own quiet times ask for. Empty: the marks count as they are.`}
      />
    </>
  );
}

function Presence({ rule, effective }: { rule: PresenceRule; effective: InForce | undefined }) {
  const { t } = useLingui();
  const zones = new Set([...(effective?.zones ?? []).map((zone) => zone.name), rule.zone ?? ""]);
  const joined = new Set([
    ...(effective?.rules ?? []).map((found) => found.rule.name),
    rule.joined ?? "",
  ]);
  return (
    <>
      <div className={css.grid}>
        <SelectField label={t`Where`} name="zone" defaultValue={rule.zone ?? ""}>
          <option value="">{t`Whole picture`}</option>
          {[...zones].filter(Boolean).map((zone) => (
            <option key={zone}>{zone}</option>
          ))}
        </SelectField>
        <SelectField label={t`Posture`} name="posture" defaultValue={rule.posture}>
          <option value="any">{t`Any`}</option>
          <option value="lying">{t`Lying`}</option>
        </SelectField>
        <Numeric label={t`More people than`} name="more_than" value={rule.more_than} max={100} />
      </div>
      <div className={css.grid}>
        <Numeric
          label={t`For longer than, seconds`}
          name="longer_than_s"
          value={rule.longer_than_s}
          max={86_400}
          step={0.5}
        />
        <Numeric
          label={t`Over after, seconds`}
          name="clear_s"
          value={rule.clear_s}
          max={3600}
          step={0.5}
        />
        <Numeric
          label={t`Seconds of rest after`}
          name="cooldown_s"
          value={rule.cooldown_s}
          step={1}
        />
      </div>
      <div className={css.grid}>
        <Numeric
          label={t`Confidence of a person at least`}
          name="min_confidence"
          value={rule.min_confidence}
          max={1}
          step={0.05}
        />
        <SelectField
          label={t`Only while this is going on`}
          name="joined"
          defaultValue={rule.joined ?? ""}
        >
          <option value="">{t`Nothing else is asked for`}</option>
          {[...joined].filter(Boolean).map((name) => (
            <option key={name}>{name}</option>
          ))}
        </SelectField>
      </div>
    </>
  );
}

function Numeric({
  value,
  isOptional = false,
  min = 0,
  ...rest
}: {
  label: string;
  name: string;
  value: number | null;
  min?: number;
  max?: number;
  step?: number;
  hint?: string;
  isOptional?: boolean;
}) {
  return (
    <TextField
      type="number"
      min={min}
      required={!isOptional}
      defaultValue={value ?? ""}
      {...rest}
    />
  );
}

function changed(entry: Entry, form: FormData): Entry {
  const text = (name: string) => String(form.get(name) ?? "").trim();
  const value = (name: string) => Number(text(name));
  const optional = (name: string) => (text(name) === "" ? null : value(name));
  const { name, label } = entry.rule;
  const common = {
    name: name || text("name"),
    label: text("label") === said(label) ? label : text("label"), // so that others still read theirs
    severity: text("severity") as Severity,
    during: text("during") as Period,
    cooldown_s: value("cooldown_s"),
  };
  if (entry.kind === "presence")
    return {
      kind: "presence",
      rule: {
        ...common,
        zone: text("zone") || null,
        posture: text("posture") as PresenceRule["posture"],
        more_than: value("more_than"),
        longer_than_s: value("longer_than_s"),
        clear_s: value("clear_s"),
        min_confidence: value("min_confidence"),
        joined: text("joined") || null,
      },
    };
  return {
    kind: "rules",
    rule: {
      ...common,
      high: value("high"),
      low: value("low"),
      k: value("k"),
      n: value("n"),
      m: value("m"),
      alone: optional("alone"),
      min_duration_s: value("min_duration_s"),
      budget_per_day: optional("budget_per_day"),
    },
  };
}
