// What the pages on models and their results have in common: the way from one to the other.

import { useLingui } from "@lingui/react/macro";
import { Link, Outlet } from "@tanstack/react-router";
import { useMe } from "@/api/session";
import { Page } from "@/ui/layout";
import ui from "@/ui/ui.module.css";

export function Section() {
  const { t } = useLingui();
  const { rights } = useMe();
  const pages = [
    { to: "/models", label: t`Models`, may: true },
    { to: "/replays", label: t`Replays`, may: true },
    { to: "/comparison", label: t`Comparison`, may: true },
    { to: "/calibration", label: t`Calibration`, may: true },
    { to: "/learning", label: t`Learning`, may: true },
    { to: "/dead-letters", label: t`Dead letters`, may: rights.includes("administer") },
  ] as const;
  return (
    <Page title={t`Models`} wide>
      <nav className={ui.tabs} aria-label={t`Models`}>
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
