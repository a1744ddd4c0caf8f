// Marks tried on what was seen in the last week: what would have fired, beside what did.

import { useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { type CameraView, client, type PersistenceRule, type PreviewView } from "@/api/client";
import { useFormat } from "@/i18n/format";
import { said } from "@/i18n/said";
import { Button, joined, SelectField, TextField } from "@/ui/controls";
import { Badge, Panel, sentence } from "@/ui/layout";
import { useZone } from "@/ui/stores";
import ui from "@/ui/ui.module.css";
import css from "./cameras.module.css";

const DAY_MS = 86_400_000;

export function PolicyPreview({ camera, rules }: { camera: CameraView; rules: PersistenceRule[] }) {
  const { t } = useLingui();
  const [name, setName] = useState(rules[0]?.name ?? "");
  const [found, setFound] = useState<PreviewView | null>(null);
  const [fault, setFault] = useState("");
  const [busy, setBusy] = useState(false);
  const rule = rules.find((each) => each.name === name) ?? rules[0];
  if (!rule) return null;
  const ask = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setFault("");
    try {
      setFound(await preview(camera.source_id, tried(rule, form)));
    } catch (error) {
      setFault(sentence(error, t`Nightclerk cannot be reached. Is it running?`));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Panel>
      <form className={css.form} onSubmit={ask} key={rule.name}>
        <h2>{t`What would have fired last week?`}</h2>
        <div className={css.quarter}>
          {rules.length > 1 && (
            <SelectField
              label={t`Rule`}
              value={rule.name}
              onChange={({ target }) => setName(target.value)}
            >
              {rules.map((each) => (
                <option key={each.name} value={each.name}>
                  {said(each.label) || each.name}
                </option>
              ))}
            </SelectField>
          )}
          <TextField
            label={t`Score at least`}
            name="high"
            type="number"
            min={0}
            max={1}
            step={0.01}
            defaultValue={rule.high}
          />
          <TextField
            label={t`In so many windows`}
            name="k"
            type="number"
            min={1}
            defaultValue={rule.k}
          />
          <TextField
            label={t`Of the latest windows`}
            name="n"
            type="number"
            min={1}
            defaultValue={rule.n}
          />
        </div>
        {fault && (
          <p className={ui.fault} role="alert">
            {fault}
          </p>
        )}
        <div className={ui.actions}>
          <Button type="submit" busy={busy}>{t`Try it`}</Button>
          <span className="dim">{t`Changes nothing.`}</span>
        </div>
        {found && <Answer found={found} camera={camera} />}
      </form>
    </Panel>
  );
}

/** The rule with other marks, consistent in itself. */
export function tried(rule: PersistenceRule, form: FormData): PersistenceRule {
  const high = Number(form.get("high"));
  const alone = rule.alone == null ? rule.alone : Math.max(rule.alone, high);
  const [k, n] = [Number(form.get("k")), Number(form.get("n"))];
  return { ...rule, high, low: Math.min(rule.low, high), alone, k, n };
}

async function preview(sourceId: string, rule: PersistenceRule): Promise<PreviewView | null> {
  const now = Date.now();
  const { data } = await client.POST("/api/v1/policies/preview", {
    body: {
      source_ids: [sourceId],
      since: new Date(now - 7 * DAY_MS).toISOString(),
      until: new Date(now).toISOString(),
      policy: { rules: [rule], presence: [], muted: [], unmuted: [] },
      scope: "source",
    },
  });
  return data ?? null;
}

function Answer({ found, camera }: { found: PreviewView; camera: CameraView }) {
  const { t } = useLingui();
  const { number, day, moment, percent } = useFormat(useZone()(camera.store_id));
  const { day: dayOnly } = useFormat("UTC");
  const source = found.sources[0];
  if (!source) return <p role="status">{t`There are no scores of that time.`}</p>;
  const most = Math.max(1, ...source.days.flatMap(({ would, did }) => [would, did]));
  const [would, did] = [number(source.would), number(source.did)];
  const width = (count: number) => ({ width: `${(100 * count) / most}%` });
  const sourceId = camera.source_id;
  return (
    <div className={css.stack} role="status">
      <p>
        <strong>{t`${would} alerts would have been raised, ${did} were.`}</strong>{" "}
        <small>
          {day(found.since)} – {day(found.until)}
        </small>
      </p>
      <div className={css.days}>
        {source.days.map((each) => (
          <div key={`${each.day} ${each.rule}`} className={css.day}>
            <span className="numbers">{dayOnly(`${each.day}T12:00:00Z`)}</span>
            <span className={css.bars}>
              <span className={joined(css.bar, css.would)} style={width(each.would)} />
              <span className={css.bar} style={width(each.did)} />
            </span>
            <span className="numbers">
              {number(each.would)} / {number(each.did)}
            </span>
          </div>
        ))}
      </div>
      <ul className={css.list}>
        {source.alerts.slice(0, 10).map((alert) => (
          <li key={`${alert.rule} ${alert.started_at}`}>
            <span className={css.line}>
              <Badge>{said(alert.label) || alert.rule}</Badge>
              {alert.peak_score !== null && (
                <span className="numbers">{percent(alert.peak_score)}</span>
              )}
              <Link
                to="/cameras/$sourceId"
                params={{ sourceId }}
                search={{ tab: "timeline", at: alert.started_at, span: 300 }}
              >
                {moment(alert.started_at)}
              </Link>
            </span>
          </li>
        ))}
      </ul>
      {found.notes.map((note) => (
        <small key={note}>{said(note)}</small>
      ))}
    </div>
  );
}
