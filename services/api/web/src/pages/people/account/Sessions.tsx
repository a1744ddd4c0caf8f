import { useLingui } from "@lingui/react/macro";
import { $api, client, type LoginView } from "@/api/client";
import { refresh } from "@/api/queries";
import { useFormat } from "@/i18n/format";
import { Badge, Loaded, Panel } from "@/ui/layout";
import { Confirm } from "@/ui/overlays";
import css from "../people.module.css";

const PATH = "/api/v1/me/sessions";

/** Where one is signed in; each may be ended. */
export function Sessions() {
  const { t } = useLingui();
  const sessions = $api.useQuery("get", PATH);
  return (
    <Panel className={css.panel}>
      <h2>{t`Where you are signed in`}</h2>
      <Loaded query={sessions} rows={2}>
        {({ items }) => (
          <ul className={css.rows}>
            {items.map((session) => (
              <Session key={session.session_id} session={session} />
            ))}
          </ul>
        )}
      </Loaded>
    </Panel>
  );
}

function Session({ session }: { session: LoginView }) {
  const { t } = useLingui();
  const { ago } = useFormat();
  const { session_id, address, user_agent, is_current, seen_at } = session;
  const seen = ago(seen_at);
  const end = async () => {
    await client.DELETE("/api/v1/me/sessions/{session_id}", { params: { path: { session_id } } });
    await refresh(PATH);
  };
  return (
    <li className={css.login}>
      <div className={css.who}>
        <span>{browserOf(user_agent) || t`Unknown browser`}</span>
        <small>{[address, t`last seen ${seen}`].filter(Boolean).join(", ")}</small>
      </div>
      {is_current ? (
        <Badge tone="good">{t`This one`}</Badge>
      ) : (
        <Confirm button={t`End`} title={t`End this login?`} verb={t`End the login`} act={end}>
          {t`Whoever uses it has to sign in anew.`}
        </Confirm>
      )}
    </li>
  );
}

/** A browser and its system in two words, of the long line that browsers send. */
export function browserOf(agent: string): string {
  const browser = /(Edg|Firefox|Chrome|Safari)[\w]*\/\d+/.exec(agent)?.[1] ?? "";
  const system = /(Windows|Android|iPhone|iPad|Mac OS X|Linux)/.exec(agent)?.[1] ?? "";
  const names = [browser.replace("Edg", "Edge"), system.replace("Mac OS X", "macOS")];
  return names.filter(Boolean).join(" · ") || agent.slice(0, 60);
}
