// What surrounds every page: where one may go, whether the line is alive, who one is.

import { Menu } from "@base-ui/react/menu";
import { useLingui } from "@lingui/react/macro";
import { useSuspenseQuery } from "@tanstack/react-query";
import { Link, Outlet, useLocation, useNavigate } from "@tanstack/react-router";
import { client } from "@/api/client";
import { queries } from "@/api/queries";
import { SESSION, useMe } from "@/api/session";
import { choose, LANGUAGES, type Language } from "@/i18n/language";
import { end, useConnection } from "@/live/live";
import ui from "@/ui/ui.module.css";
import { type Destination, useDestinations } from "./destinations";
import { Icon } from "./icons";
import css from "./shell.module.css";
import { setTheme, type Theme, useTheme } from "./theme";

/** So many destinations have their place at the bottom of a phone. */
const FIRST_FEW = 4;

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

/** A column; on a phone a row of the first few at the bottom, and the others in a menu. */
function Places() {
  const { t } = useLingui();
  const destinations = useDestinations();
  const others = destinations.slice(FIRST_FEW);
  return (
    <nav className={css.places} aria-label={t`Pages`}>
      {destinations.map((destination, number) => (
        <Place
          key={destination.to}
          destination={destination}
          className={number < FIRST_FEW ? css.place : `${css.place} ${css.other}`}
        />
      ))}
      {others.length > 0 && (
        <Menu.Root>
          <Menu.Trigger className={`${css.place} ${css.more}`}>
            <Icon name="more" />
            <span>{t`More`}</span>
          </Menu.Trigger>
          <Menu.Portal>
            <Menu.Positioner sideOffset={8} align="end" className={css.above}>
              <Menu.Popup className={ui.menu}>
                {others.map((destination) => (
                  <Menu.LinkItem
                    key={destination.to}
                    closeOnClick
                    render={<Place destination={destination} className={ui.item} />}
                  />
                ))}
              </Menu.Popup>
            </Menu.Positioner>
          </Menu.Portal>
        </Menu.Root>
      )}
    </nav>
  );
}

function Place({
  destination: { to, label, icon, exact, within },
  ...rest
}: {
  destination: Destination;
  className: string | undefined;
}) {
  const here = useLocation({ select: ({ pathname }) => pathname });
  return (
    <Link
      to={to}
      aria-current={within?.some((page) => isWithin(here, page)) ? "page" : undefined}
      activeProps={{ "aria-current": "page" }}
      activeOptions={{ exact: exact ?? false, includeSearch: false }}
      {...rest}
    >
      <Icon name={icon} />
      <span>{label}</span>
    </Link>
  );
}

function isWithin(here: string, page: string): boolean {
  return here === page || here.startsWith(`${page}/`);
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
        {me.kind === "machine" ? t`This machine` : me.name}
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
            {me.kind === "user" && (
              <Menu.Item className={ui.item} onClick={() => navigate({ to: "/account" })}>
                {t`Your account`}
              </Menu.Item>
            )}
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
