// What a policy would have raised last week, by camera and day, beside what was raised.

import { useLingui } from "@lingui/react/macro";
import { useState } from "react";
import { $api, type Policy, type PreviewSource } from "@/api/client";
import { useFormat } from "@/i18n/format";
import { said } from "@/i18n/said";
import { joined } from "@/ui/controls";
import { Loaded, Panel, Scroll } from "@/ui/layout";
import type { Scope } from "./policies";
import css from "./rules.module.css";

const DAYS = 7;
const DAY_MS = 86_400_000;
const MOST_SOURCES = 100;

type Props = { policy: Policy; scope: Scope; sourceIds: string[] };

export function Preview({ policy, scope, sourceIds }: Props) {
  const { t } = useLingui();
  const [now] = useState(() => Date.now());
  const preview = $api.useQuery(
    "post",
    "/api/v1/policies/preview",
    {
      body: {
        policy,
        scope,
        source_ids: sourceIds.slice(0, MOST_SOURCES),
        since: new Date(now - DAYS * DAY_MS).toISOString(),
        until: new Date(now).toISOString(),
      },
    },
    { staleTime: Number.POSITIVE_INFINITY },
  );
  return (
    <section className={css.section} aria-labelledby="preview">
      <h2 id="preview">{t`The last week with it`}</h2>
      <Loaded query={preview}>
        {({ sources, notes, left_out }) => (
          <Panel className={css.flush}>
            <Table sources={sources} />
            {(notes.length > 0 || left_out.length > 0) && (
              <ul className={css.rule}>
                {notes.map((note) => (
                  <li key={note} className="dim">
                    {said(note)}
                  </li>
                ))}
                {left_out.length > 0 && (
                  <li>{t`${left_out.length} cameras were too much for one preview.`}</li>
                )}
              </ul>
            )}
          </Panel>
        )}
      </Loaded>
    </section>
  );
}

function Table({ sources }: { sources: PreviewSource[] }) {
  const { t } = useLingui();
  const { day: written } = useFormat("UTC");
  const days = [...new Set(sources.flatMap((source) => source.days.map(({ day }) => day)))].sort();
  const sum = (name: "would" | "did") => sources.reduce((total, source) => total + source[name], 0);
  return (
    <Scroll label={t`The last week with it`}>
      <table>
        <thead>
          <tr>
            <th>{t`Camera`}</th>
            {days.map((day) => (
              <th key={day}>{written(`${day}T12:00:00Z`)}</th>
            ))}
            <th>{t`In all`}</th>
          </tr>
        </thead>
        <tbody>
          {sources.map((source) => (
            <tr key={source.source_id}>
              <td>{source.name}</td>
              {days.map((day) => (
                <Cell key={day} {...ofDay(source, day)} />
              ))}
              <Cell would={source.would} did={source.did} />
            </tr>
          ))}
          <tr>
            <th scope="row">{t`All cameras`}</th>
            {days.map((day) => (
              <Cell key={day} {...total(sources, day)} />
            ))}
            <Cell would={sum("would")} did={sum("did")} />
          </tr>
        </tbody>
      </table>
    </Scroll>
  );
}

/** So many would have been, and so many were. */
function Cell({ would, did }: { would: number; did: number }) {
  const { t } = useLingui();
  const quiet = !would && !did;
  return (
    <td
      className={joined("numbers", quiet && "dim")}
      title={t`${would} would have been raised, ${did} were`}
    >
      <span className={would > did ? css.would : undefined}>{would}</span>
      <span className="dim"> / {did}</span>
    </td>
  );
}

function ofDay(source: PreviewSource, day: string): { would: number; did: number } {
  const found = source.days.filter((each) => each.day === day);
  return {
    would: found.reduce((total, each) => total + each.would, 0),
    did: found.reduce((total, each) => total + each.did, 0),
  };
}

function total(sources: PreviewSource[], day: string): { would: number; did: number } {
  const each = sources.map((source) => ofDay(source, day));
  return {
    would: each.reduce((sum, { would }) => sum + would, 0),
    did: each.reduce((sum, { did }) => sum + did, 0),
  };
}
