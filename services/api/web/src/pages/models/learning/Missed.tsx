// What was reported and marked, and may be taken back.

import { useLingui } from "@lingui/react/macro";
import { client, type MissedEventPage, type MissedEventView } from "@/api/client";
import { refresh } from "@/api/queries";
import { useMay } from "@/api/session";
import { useFormat } from "@/i18n/format";
import { Loaded } from "@/ui/layout";
import { More, usePages } from "@/ui/lists";
import { Confirm } from "@/ui/overlays";
import { useZone } from "@/ui/stores";
import ui from "@/ui/ui.module.css";
import css from "../models.module.css";
import { LEARNING, withdraw } from "./marks";
import { useLabelWord } from "./words";

const PATH = "/api/v1/missed-events";

export function Missed({ storeId }: { storeId: string | undefined }) {
  const { t } = useLingui();
  const events = usePages<MissedEventView>(PATH, { storeId }, async (cursor) => {
    const query = { store_id: storeId, limit: 20, cursor };
    const { data } = await client.GET(PATH, { params: { query } });
    return data as MissedEventPage;
  });
  return (
    <section className={css.stack} aria-labelledby="missed">
      <h2 id="missed">{t`Reported and marked`}</h2>
      <Loaded query={events} rows={1}>
        {({ pages }) => {
          const all = pages.flatMap(({ items }) => items);
          if (!all.length) return <p className="dim">{t`Nothing was reported yet.`}</p>;
          return (
            <ul className={ui.rows} aria-labelledby="missed">
              {all.map((event) => (
                <Row key={event.event_id} event={event} />
              ))}
            </ul>
          );
        }}
      </Loaded>
      <More query={events} />
    </section>
  );
}

function Row({ event }: { event: MissedEventView }) {
  const { t } = useLingui();
  const may = useMay("review");
  const word = useLabelWord();
  const { moment, ago } = useFormat(useZone()(event.store_id));
  const { event_id, source_name, since, note, reported_by, reported_at } = event;
  const act = async () => {
    await withdraw(event_id);
    await refresh(...LEARNING);
  };
  return (
    <li className={ui.row}>
      <span className={ui.about}>
        <strong>{word(event.label)}</strong>
        <span className={ui.facts}>
          <span>{source_name}</span>
          <span className="numbers">{moment(since)}</span>
          {note && <span>{note}</span>}
        </span>
      </span>
      <span className="dim">{[reported_by, ago(reported_at)].filter(Boolean).join(" · ")}</span>
      {may && (
        <Confirm
          look="quiet"
          button={t`Take back`}
          title={t`Take the mark back?`}
          verb={t`Take back`}
          act={act}
        >
          <p>{t`Nothing learns from it any more, and what calibration made of it is undone.`}</p>
        </Confirm>
      )}
    </li>
  );
}
