// What is to be judged again, by which detector, from what; and what it would take, before it starts.

import { useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { client, type ReplayAsked, type ReplayView } from "@/api/client";
import { refresh } from "@/api/queries";
import { useFormat } from "@/i18n/format";
import { said } from "@/i18n/said";
import { useAct } from "@/ui/act";
import { SelectField, TextField } from "@/ui/controls";
import { DialogForm } from "@/ui/forms";
import { Loaded } from "@/ui/layout";
import { StoreOptions, useStores } from "@/ui/stores";
import css from "../models.module.css";
import { useDetectors } from "../reading";
import { titled } from "../words";
import { REPLAYS, useInputs } from "./reading";
import { asked, type Stretch, yesterday } from "./stretch";

type Input = ReplayView["input"];

export function StartReplay({ first, close }: { first?: string | undefined; close: () => void }) {
  const { t } = useLingui();
  const navigate = useNavigate();
  const stores = useStores();
  const [stretch, setStretch] = useState<Stretch>(() => ({
    ...yesterday(),
    detector: first ?? "",
  }));
  const { busy, fault, run } = useAct();
  const change = (part: Partial<Stretch>) => setStretch((before) => ({ ...before, ...part }));
  const body = asked(stretch);
  const submit = () => {
    if (!body) return;
    void run(async () => {
      const { data } = await client.POST(REPLAYS, { body: { ...body, name: "replay" } });
      await refresh(REPLAYS);
      if (data) await navigate({ to: "/replays/$run", params: { run: data.run } });
      else close();
    });
  };
  return (
    <DialogForm
      verb={t`Start`}
      submit={submit}
      cancel={close}
      busy={busy}
      fault={fault}
      isReady={body !== null}
    >
      <DetectorField value={stretch.detector} choose={(detector) => change({ detector })} />
      <div className={css.pair}>
        <TextField
          label={t`From`}
          type="datetime-local"
          value={stretch.since}
          onChange={(event) => change({ since: event.currentTarget.value })}
          required
        />
        <TextField
          label={t`Until`}
          type="datetime-local"
          value={stretch.until}
          onChange={(event) => change({ until: event.currentTarget.value })}
          required
        />
      </div>
      {stores.length > 1 && (
        <SelectField
          label={t`Where`}
          value={stretch.storeId}
          onChange={(event) => change({ storeId: event.currentTarget.value })}
        >
          <StoreOptions all={t`All stores`} />
        </SelectField>
      )}
      <More stretch={stretch} change={change} />
      {body && <Estimate body={body} />}
    </DialogForm>
  );
}

/** What hardly anybody changes. */
function More({ stretch, change }: { stretch: Stretch; change: (part: Partial<Stretch>) => void }) {
  const { t } = useLingui();
  const inputs = useInputs();
  return (
    <details className={css.more}>
      <summary>{t`More`}</summary>
      <div className={css.pair}>
        <SelectField
          label={t`Judge again`}
          value={stretch.input}
          onChange={(event) => change({ input: event.currentTarget.value as Input })}
        >
          {Object.entries(inputs).map(([input, word]) => (
            <option key={input} value={input}>
              {word}
            </option>
          ))}
        </SelectField>
        <TextField
          label={t`At most so many windows a second`}
          type="number"
          min="1"
          step="any"
          value={stretch.rate}
          onChange={(event) => change({ rate: event.currentTarget.value })}
          hint={t`Left empty: as fast as it goes. What is live is not disturbed.`}
        />
      </div>
    </details>
  );
}

function DetectorField({ value, choose }: { value: string; choose: (detector: string) => void }) {
  const { t } = useLingui();
  const all = useDetectors().filter(
    ({ state, is_built_in }) => state !== "retired" && !is_built_in,
  );
  return (
    <SelectField
      label={t`Detector`}
      value={value}
      onChange={(event) => choose(event.currentTarget.value)}
    >
      <option value="">{t`Built in`}</option>
      {all.map((model) => (
        <option key={model.detector} value={model.detector}>
          {titled(model)}
        </option>
      ))}
    </SelectField>
  );
}

/** What it would take, asked for anew with each change. */
function Estimate({ body }: { body: ReplayAsked }) {
  const { t } = useLingui();
  const { number, duration } = useFormat();
  const query = useQuery({
    queryKey: ["estimate", body],
    queryFn: async () => {
      const { data } = await client.POST("/api/v1/replays/estimate", { body });
      if (!data) throw new Error("empty");
      return data;
    },
    retry: false,
  });
  return (
    <div className={css.estimate} aria-live="polite">
      <Loaded query={query} rows={1}>
        {(estimate) => {
          const { seconds, notes, measured_by } = estimate;
          const windows = number(estimate.windows);
          const sources = number(estimate.sources);
          const takes = seconds === null ? null : duration(Math.max(1, Math.round(seconds)));
          return (
            <>
              <p>
                <strong>
                  {takes ? t`About ${takes}` : t`How long it takes is not known yet.`}
                </strong>{" "}
                <span className="dim">{t`${sources} cameras and uploads, ${windows} windows of some seconds`}</span>
              </p>
              {measured_by > 0 && (
                <p className="dim">{t`as the latest ${measured_by} replays were measured`}</p>
              )}
              {notes.map((note) => (
                <p key={note} className="dim">
                  {said(note)}
                </p>
              ))}
            </>
          );
        }}
      </Loaded>
    </div>
  );
}
