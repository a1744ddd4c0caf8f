// What the pages on people, stores and access have in common: the way from one to the other.

import { useLingui } from "@lingui/react/macro";
import { Link, Outlet } from "@tanstack/react-router";
import { useMe } from "@/api/session";
import { Page } from "@/ui/layout";
import ui from "@/ui/ui.module.css";

export function Section() {
  const { t } = useLingui();
  const { rights, kind } = useMe();
  const administers = rights.includes("administer");
  const isPerson = kind === "user";
  const pages = [
    { to: "/people", label: t`People`, may: administers },
    { to: "/stores", label: t`Stores`, may: rights.includes("view") },
    { to: "/keys", label: t`API keys`, may: administers || isPerson },
    { to: "/account", label: t`Your account`, may: isPerson },
    { to: "/audit", label: t`Audit log`, may: administers },
    { to: "/settings", label: t`Settings`, may: administers },
  ] as const;
  return (
    <Page title={administers ? t`People and stores` : t`Your account`}>
      <nav className={ui.tabs} aria-label={t`People and stores`}>
        {pages
          .filter(({ may }) => may)
          .map(({ to, label }) => (
            <Link
              key={to}
              to={to}
              className={ui.tab}
              activeOptions={{ includeSearch: false }}
              activeProps={{ "aria-current": "page", "data-active": "" }}
            >
              {label}
            </Link>
          ))}
      </nav>
      <Outlet />
    </Page>
  );
}
