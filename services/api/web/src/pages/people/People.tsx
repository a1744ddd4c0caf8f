import { useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { client, type UserPage, type UserView } from "@/api/client";
import { useMe } from "@/api/session";
import { useFormat } from "@/i18n/format";
import { Button, buttonClass } from "@/ui/controls";
import { Badge, Empty, Loaded, Panel } from "@/ui/layout";
import { More, usePages } from "@/ui/lists";
import { Invitations } from "./Invitations";
import { InviteDialog } from "./InviteDialog";
import { PersonMenu } from "./PersonMenu";
import css from "./people.module.css";
import { useStoresInWords } from "./StoreChoice";
import { useRoleNames } from "./words";

const PATH = "/api/v1/users";

export function People() {
  const { t } = useLingui();
  const [inviting, setInviting] = useState(false);
  const people = usePages<UserView>(PATH, {}, async (cursor) => {
    const { data } = await client.GET(PATH, { params: { query: { cursor } } });
    return data as UserPage;
  });
  return (
    <>
      <Panel className={css.panel}>
        <div className={css.head}>
          <h2>{t`People`}</h2>
          <Button look="primary" onClick={() => setInviting(true)}>{t`Invite somebody`}</Button>
        </div>
        <Loaded query={people}>
          {({ pages }) => {
            const all = pages.flatMap(({ items }) => items);
            return all.length === 0 ? (
              <Nobody />
            ) : (
              <ul className={css.rows}>
                {all.map((user) => (
                  <Person key={user.user_id} user={user} />
                ))}
              </ul>
            );
          }}
        </Loaded>
        <More query={people} />
      </Panel>
      <Invitations />
      <InviteDialog open={inviting} onClose={() => setInviting(false)} />
    </>
  );
}

function Nobody() {
  const { t } = useLingui();
  return (
    <Empty title={t`Nobody signs in yet`}>
      <p>{t`Everybody at this computer may do everything. Create an owner to be asked for a login.`}</p>
      <Link to="/setup" search={{ step: "owner" }} className={buttonClass("primary")}>
        {t`Create the owner`}
      </Link>
    </Empty>
  );
}

function Person({ user }: { user: UserView }) {
  const { t } = useLingui();
  const me = useMe();
  const { ago } = useFormat();
  const stores = useStoresInWords();
  const roles = useRoleNames();
  const when = user.logged_in_at && ago(user.logged_in_at);
  return (
    <li className={css.row}>
      <div className={css.who}>
        <strong>{user.name}</strong>
        <small>{user.email}</small>
      </div>
      <div className={css.who}>
        {roles[user.role]}
        <small>{stores(user.store_ids)}</small>
      </div>
      <div>
        {!user.is_active && <Badge tone="bad">{t`Deactivated`}</Badge>}
        {user.user_id === me.user_id && <Badge tone="good">{t`You`}</Badge>}{" "}
        <small>{when ? t`Signed in ${when}` : t`Never signed in`}</small>
      </div>
      <PersonMenu user={user} />
    </li>
  );
}
