// What surrounds every page: where one may go, whether the line is alive, who one is.

import { Menu } from "@base-ui/react/menu";
import { useLingui } from "@lingui/react/macro";
import { useSuspenseQuery } from "@tanstack/react-query";
import { Link, Outlet, useNavigate } from "@tanstack/react-router";
import { client } from "@/api/client";
import { queries } from "@/api/queries";
import { SESSION, useMe } from "@/api/session";
import { choose, LANGUAGES, type Language } from "@/i18n/language";
import { end, useConnection } from "@/live/live";
import ui from "@/ui/ui.module.css";
import { useDestinations } from "./destinations";
import { Icon } from "./icons";
import css from "./shell.module.css";
import { setTheme, type Theme, useTheme } from "./theme";

export function Shell() {
  const { t } = useLingui();
  return (
    <div className={css.shell}>
      <a className={css.skip} href="#content">{t`To the content`}</a>
      <header className={css.bar}>
        <Link to="/" className={css.brand}>
          <img src="/icon.svg" alt="" width="28" height="28" />
          <span>Nightclerk</span>
        </Link>
        <span className={css.space} />
        <Line />
        <Person />
      </header>
      <Places />
      <main id="content" className={css.main} tabIndex={-1}>
        <Outlet />
      </main>
    </div>
  );
}

/** On a phone a row of the first few at the bottom; else a column. */
function Places() {
  const { t } = useLingui();
  const destinations = useDestinations();
  return (
    <nav className={css.places} aria-label={t`Pages`}>
      {destinations.map(({ to, label, icon, exact }) => (
        <Link
          key={to}
          to={to}
          className={css.place}
          activeProps={{ "aria-current": "page" }}
          activeOptions={{ exact: exact ?? false, includeSearch: false }}
        >
          <Icon name={icon} />
          <span>{label}</span>
        </Link>
      ))}
    </nav>
  );
}

/** Nothing while all is well; a word once events do not arrive any more. */
function Line() {
  const { t } = useLingui();
  const lost = useConnection() === "lost";
  return (
    <span role="status" className={css.line}>
      {lost && <span className={`${ui.badge} ${ui.bad}`}>{t`Connection lost, trying again…`}</span>}
    </span>
  );
}

function Person() {
  const { t, i18n } = useLingui();
  const me = useMe();
  const { data: session } = useSuspenseQuery(SESSION);
  const navigate = useNavigate();
  const theme = useTheme();
  const leave = async () => {
    await client.DELETE("/api/v1/session");
    end();
    queries.clear();
    await navigate({ to: "/sign-in", search: {} });
  };
  const themes: [Theme, string][] = [
    ["system", t`As the system`],
    ["light", t`Light`],
    ["dark", t`Dark`],
  ];
  return (
    <Menu.Root>
      <Menu.Trigger className={`${ui.button} ${ui.quiet}`} aria-label={t`Your menu`}>
        {me.name || t`This machine`}
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner sideOffset={6} align="end">
          <Menu.Popup className={ui.menu}>
            <Choice
              label={t`Language`}
              value={i18n.locale}
              options={Object.entries(LANGUAGES)}
              onChange={(language) => speakFromNowOn(language as Language, me.kind === "user")}
            />
            <Choice label={t`Colours`} value={theme} options={themes} onChange={setTheme} />
            {session.required && (
              <Menu.Item className={ui.item} onClick={leave}>{t`Sign out`}</Menu.Item>
            )}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

async function speakFromNowOn(language: Language, isPerson: boolean): Promise<void> {
  await choose(language);
  if (!isPerson) return;
  const { data } = await client.PATCH("/api/v1/me", { body: { language } });
  queries.setQueryData(["get", "/api/v1/me", {}], data);
}

function Choice<T extends string>({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: T;
  options: [T, string][];
  onChange: (value: T) => void;
}) {
  return (
    <Menu.Group>
      <Menu.GroupLabel className={css.group}>{label}</Menu.GroupLabel>
      <Menu.RadioGroup value={value} onValueChange={onChange}>
        {options.map(([option, word]) => (
          <Menu.RadioItem key={option} value={option} className={ui.item}>
            <span className={css.tick}>
              <Menu.RadioItemIndicator>✓</Menu.RadioItemIndicator>
            </span>
            {word}
          </Menu.RadioItem>
        ))}
      </Menu.RadioGroup>
    </Menu.Group>
  );
}
