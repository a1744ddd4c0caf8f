import { useLingui } from "@lingui/react/macro";
import { useState } from "react";
import { client, type StorePage, type StoreView } from "@/api/client";
import { refresh } from "@/api/queries";
import { useMay } from "@/api/session";
import { Button } from "@/ui/controls";
import { Actions, Badge, Loaded, Panel } from "@/ui/layout";
import { More, usePages } from "@/ui/lists";
import { Confirm } from "@/ui/overlays";
import { useWeekInWords } from "./hours/words";
import css from "./people.module.css";
import { StoreDialog } from "./StoreDialog";

const PATH = "/api/v1/stores";

export function Stores() {
  const { t } = useLingui();
  const administers = useMay("administer");
  const [adding, setAdding] = useState(false);
  const stores = usePages<StoreView>(PATH, {}, async (cursor) => {
    const { data } = await client.GET(PATH, { params: { query: { cursor } } });
    return data as StorePage;
  });
  return (
    <Panel className={css.panel}>
      <div className={css.head}>
        <h2>{t`Stores`}</h2>
        {administers && (
          <Button look="primary" onClick={() => setAdding(true)}>{t`Add a store`}</Button>
        )}
      </div>
      <Loaded query={stores}>
        {({ pages }) => (
          <ul className={css.rows}>
            {pages
              .flatMap(({ items }) => items)
              .map((store) => (
                <Store key={store.store_id} store={store} />
              ))}
          </ul>
        )}
      </Loaded>
      <More query={stores} />
      <StoreDialog open={adding} onClose={() => setAdding(false)} />
    </Panel>
  );
}

function Store({ store }: { store: StoreView }) {
  const { t } = useLingui();
  const administers = useMay("administer");
  const [editing, setEditing] = useState(false);
  const week = useWeekInWords();
  const { name, hours, is_default, store_id } = store;
  const open = hours.open ? week(hours.open, t`closed`) : [t`Open around the clock`];
  const count = hours.holidays.length;
  const remove = async () => {
    await client.DELETE("/api/v1/stores/{store_id}", { params: { path: { store_id } } });
    await refresh(PATH, "/api/v1/me");
  };
  return (
    <li className={css.row}>
      <div className={css.who}>
        <strong>{name}</strong>
        <small>{hours.time_zone}</small>
      </div>
      <div className={css.hours}>
        {open.map((line) => (
          <div key={line}>{line}</div>
        ))}
      </div>
      <div>
        {is_default && <Badge>{t`Default`}</Badge>}{" "}
        {count > 0 && <small>{t`Days that differ: ${count}`}</small>}
      </div>
      {administers && (
        <Actions>
          <Button aria-label={t`Edit ${name}`} onClick={() => setEditing(true)}>{t`Edit`}</Button>
          {!is_default && (
            <Confirm button={t`Remove`} title={t`Remove ${name}?`} verb={t`Remove`} act={remove}>
              {t`The store ${name} goes, with its hours and policies. Whoever is bound to it sees one store less.`}
            </Confirm>
          )}
        </Actions>
      )}
      <StoreDialog store={store} open={editing} onClose={() => setEditing(false)} />
    </li>
  );
}
