import { useLingui } from "@lingui/react/macro";
import { client, type InvitationPage, type InvitationView } from "@/api/client";
import { refresh } from "@/api/queries";
import { useFormat } from "@/i18n/format";
import { Loaded, Panel } from "@/ui/layout";
import { More, usePages } from "@/ui/lists";
import { Confirm } from "@/ui/overlays";
import css from "./people.module.css";
import { useStoresInWords } from "./StoreChoice";
import { useRoleNames } from "./words";

const PATH = "/api/v1/invitations";

/** Those that nobody accepted yet; nothing where there are none. */
export function Invitations() {
  const { t } = useLingui();
  const open = usePages<InvitationView>(PATH, {}, async (cursor) => {
    const { data } = await client.GET(PATH, { params: { query: { cursor } } });
    return data as InvitationPage;
  });
  if (open.data?.pages[0]?.items.length === 0) return null;
  return (
    <Panel className={css.panel}>
      <h2>{t`Open invitations`}</h2>
      <Loaded query={open} rows={1}>
        {({ pages }) => (
          <ul className={css.rows}>
            {pages
              .flatMap(({ items }) => items)
              .map((invitation) => (
                <Invitation key={invitation.invitation_id} invitation={invitation} />
              ))}
          </ul>
        )}
      </Loaded>
      <More query={open} />
    </Panel>
  );
}

function Invitation({ invitation }: { invitation: InvitationView }) {
  const { t } = useLingui();
  const { moment } = useFormat();
  const stores = useStoresInWords();
  const roles = useRoleNames();
  const { email, invitation_id, expires_at, invited_by } = invitation;
  const until = moment(expires_at);
  const takeBack = async () => {
    await client.DELETE("/api/v1/invitations/{invitation_id}", {
      params: { path: { invitation_id } },
    });
    await refresh(PATH);
  };
  return (
    <li className={css.row}>
      <div className={css.who}>
        <strong>{email}</strong>
        <small>{t`invited by ${invited_by}`}</small>
      </div>
      <div className={css.who}>
        {roles[invitation.role]}
        <small>{stores(invitation.store_ids)}</small>
      </div>
      <small>{t`until ${until}`}</small>
      <Confirm
        button={t`Take back`}
        title={t`Take the invitation back?`}
        verb={t`Take back`}
        act={takeBack}
      >
        {t`The link that ${email} got will not work any more.`}
      </Confirm>
    </li>
  );
}
