// What judges which stores now, every detector there is, and how it came to be so.

import { useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { client } from "@/api/client";
import { useMay } from "@/api/session";
import { useFormat } from "@/i18n/format";
import { said } from "@/i18n/said";
import { DropPlace } from "@/ui/drop";
import { FileButton } from "@/ui/files";
import { Badge, Empty, Loaded } from "@/ui/layout";
import { More, usePages } from "@/ui/lists";
import ui from "@/ui/ui.module.css";
import css from "../models.module.css";
import type { Detector } from "../reading";
import { TONES, titled, useModelStates } from "../words";
import { Changes } from "./Changes";
import { Deployments } from "./Deployments";
import { useRegistering } from "./registering";

const PATH = "/api/v1/models";

export function Models() {
  const { t } = useLingui();
  const may = useMay("administer");
  const { busy, take } = useRegistering();
  const models = usePages(PATH, {}, async (cursor) => {
    const { data } = await client.GET(PATH, { params: { query: { limit: 50, cursor } } });
    return data as { items: Detector[]; next: string | null };
  });
  return (
    <DropPlace take={may ? take : undefined} invite={t`Drop to register`}>
      <div className={css.stack}>
        <Deployments />
        <section className={css.stack} aria-labelledby="detectors">
          <div className={css.head}>
            <h2 id="detectors">{t`Detectors`}</h2>
            {may && (
              <FileButton
                look="primary"
                busy={busy}
                name={t`Zips of detectors`}
                accept=".zip,application/zip"
                multiple
                take={take}
              >
                {t`Register a detector`}
              </FileButton>
            )}
          </div>
          <Loaded query={models} rows={3}>
            {({ pages }) => {
              const all = pages.flatMap(({ items }) => items);
              if (!all.length) return <Empty title={t`No detectors yet`} />;
              return (
                <ul className={ui.rows} aria-labelledby="detectors">
                  {all.map((model) => (
                    <Row key={model.detector} model={model} />
                  ))}
                </ul>
              );
            }}
          </Loaded>
          <More query={models} />
          {may && (
            <p className="dim">
              {t`A detector is the folder that training writes, as a zip: drop it here. It judges nothing until it looks on or is made live.`}
            </p>
          )}
        </section>
        <Changes />
      </div>
    </DropPlace>
  );
}

function Row({ model }: { model: Detector }) {
  const { t } = useLingui();
  const { moment } = useFormat();
  const states = useModelStates();
  const { heads, places, state, detector, registered_at, note } = model;
  const where = [...new Set(places.map(({ store }) => store ?? t`All stores`))];
  return (
    <li>
      <Link to="/models/$detector" params={{ detector }} className={ui.row}>
        <span className={ui.about}>
          <strong>{titled(model)}</strong>
          <span className={ui.facts}>
            <span>{[...new Set(heads.map(({ rule }) => said(rule.label)))].join(", ")}</span>
            {where.length > 0 && <span>{where.join(", ")}</span>}
            {model.is_built_in && <span>{t`Built in`}</span>}
            {note && <span>{note}</span>}
          </span>
        </span>
        {registered_at && <span className="dim numbers">{moment(registered_at)}</span>}
        <Badge tone={TONES[state]}>{states[state]}</Badge>
      </Link>
    </li>
  );
}
