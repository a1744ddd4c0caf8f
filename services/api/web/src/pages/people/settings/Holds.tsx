import { useLingui } from "@lingui/react/macro";
import { client, type HoldPage, type HoldView } from "@/api/client";
import { refresh } from "@/api/queries";
import { useFormat } from "@/i18n/format";
import { Loaded, Panel } from "@/ui/layout";
import { More, usePages } from "@/ui/lists";
import { Confirm } from "@/ui/overlays";
import css from "../people.module.css";

const PATH = "/api/v1/holds";

/** What nothing deletes, however old, until it is released. */
export function Holds() {
  const { t } = useLingui();
  const holds = usePages<HoldView>(PATH, {}, async (cursor) => {
    const { data } = await client.GET(PATH, { params: { query: { cursor } } });
    return data as HoldPage;
  });
  return (
    <Panel className={css.panel}>
      <h2>{t`Held for evidence`}</h2>
      <Loaded query={holds} rows={1}>
        {({ pages }) => {
          const all = pages.flatMap(({ items }) => items);
          if (all.length === 0)
            return <p>{t`Nothing is held. An alert is held on its own page.`}</p>;
          return (
            <ul className={css.rows}>
              {all.map((hold) => (
                <Hold key={hold.hold_id} hold={hold} />
              ))}
            </ul>
          );
        }}
      </Loaded>
      <More query={holds} />
    </Panel>
  );
}

function Hold({ hold }: { hold: HoldView }) {
  const { t } = useLingui();
  const { moment } = useFormat();
  const { hold_id, source_name, reason, held_by, since, until } = hold;
  const span = [since, until].map((at) => (at ? moment(at) : "…")).join(" – ");
  const release = async () => {
    await client.DELETE("/api/v1/holds/{hold_id}", { params: { path: { hold_id } } });
    await refresh(PATH, "/api/v1/alerts");
  };
  return (
    <li className={css.login}>
      <div className={css.who}>
        <strong>{source_name}</strong>
        <small>{span}</small>
        <small>{t`${reason}, by ${held_by}`}</small>
      </div>
      <Confirm button={t`Release`} title={t`Release what is held?`} verb={t`Release`} act={release}>
        {t`What is kept of ${source_name} may be deleted once it is old enough.`}
      </Confirm>
    </li>
  );
}
