import { useLingui } from "@lingui/react/macro";
import { useState } from "react";
import { client, type KeyPage, type KeyView } from "@/api/client";
import { refresh } from "@/api/queries";
import { useMay, useMe } from "@/api/session";
import { useFormat } from "@/i18n/format";
import { Button } from "@/ui/controls";
import { Badge, Empty, Loaded, Panel } from "@/ui/layout";
import { More, usePages } from "@/ui/lists";
import { Confirm } from "@/ui/overlays";
import { KeyDialog } from "./KeyDialog";
import css from "./people.module.css";
import { useStoresInWords } from "./StoreChoice";
import { useRightNames } from "./words";

const ALL = "/api/v1/keys";
const OWN = "/api/v1/me/keys";

/** Keys for programs: of all for those who administer, else one's own. */
export function Keys() {
  const { t } = useLingui();
  const isWhole = useMay("administer");
  const isPerson = useMe().kind === "user";
  const [making, setMaking] = useState(false);
  const path = isWhole ? ALL : OWN;
  const keys = usePages<KeyView>(path, {}, async (cursor) => {
    const { data } = await client.GET(path, { params: { query: { cursor } } });
    return data as KeyPage;
  });
  return (
    <Panel className={css.panel}>
      <div className={css.head}>
        <h2>{t`API keys`}</h2>
        <Button look="primary" onClick={() => setMaking(true)}>{t`Make a key`}</Button>
      </div>
      <Loaded query={keys}>
        {({ pages }) => {
          const all = pages.flatMap(({ items }) => items);
          if (all.length === 0)
            return (
              <Empty title={t`No keys yet`}>
                <p>{t`A key lets a program ask the API, with no more rights than it needs.`}</p>
              </Empty>
            );
          return (
            <ul className={css.rows}>
              {all.map((key) => (
                <Key key={key.key_id} view={key} isOwn={!isWhole} />
              ))}
            </ul>
          );
        }}
      </Loaded>
      <More query={keys} />
      <KeyDialog isOwn={isPerson} open={making} onClose={() => setMaking(false)} />
    </Panel>
  );
}

function Key({ view, isOwn }: { view: KeyView; isOwn: boolean }) {
  const { t } = useLingui();
  const { ago, moment } = useFormat();
  const rights = useRightNames();
  const stores = useStoresInWords();
  const { name, key_id, made_by, is_active, revoked_at, expires_at, last_used_at } = view;
  const used = last_used_at && ago(last_used_at);
  const until = expires_at && moment(expires_at);
  const revoke = async () => {
    const params = { path: { key_id } };
    if (isOwn) await client.DELETE("/api/v1/me/keys/{key_id}", { params });
    else await client.DELETE("/api/v1/keys/{key_id}", { params });
    await refresh(ALL, OWN);
  };
  return (
    <li className={css.row}>
      <div className={css.who}>
        <strong>{name}</strong>
        <small>{t`made by ${made_by}`}</small>
      </div>
      <div className={css.who}>
        {view.rights.map((right) => rights[right]).join(", ")}
        <small>{stores(view.store_ids)}</small>
      </div>
      <div className={css.who}>
        {revoked_at && <Badge tone="bad">{t`Revoked`}</Badge>}
        {!revoked_at && !is_active && <Badge tone="warn">{t`Expired`}</Badge>}
        <small>{used ? t`Used ${used}` : t`Never used`}</small>
        {is_active && until && <small>{t`until ${until}`}</small>}
      </div>
      {is_active && (
        <Confirm button={t`Revoke`} title={t`Revoke ${name}?`} verb={t`Revoke`} act={revoke}>
          {t`Programs that use the key ${name} are refused at once, for good.`}
        </Confirm>
      )}
    </li>
  );
}
