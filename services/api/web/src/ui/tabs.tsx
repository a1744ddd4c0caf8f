// The way between pages, or parts of one, that belong together.

import { Link, type LinkProps, Outlet, useLocation } from "@tanstack/react-router";
import { type ComponentProps, useEffect, useRef } from "react";
import { Page, Withheld } from "./layout";
import css from "./ui.module.css";

/** Links or buttons of class `ui.tab`. What is shown (`data-active`) is never scrolled away. */
export function Tabs(props: ComponentProps<"nav">) {
  const row = useRef<HTMLElement>(null);
  useEffect(() => {
    const shown = row.current?.querySelector("[data-active]");
    if (row.current && shown) reveal(row.current, shown);
  });
  return <nav ref={row} className={css.tabs} {...props} />;
}

/** Scrolls the row alone, never the page. */
function reveal(row: HTMLElement, tab: Element): void {
  const [within, its] = [row.getBoundingClientRect(), tab.getBoundingClientRect()];
  if (its.left < within.left) row.scrollLeft += its.left - within.left;
  else if (its.right > within.right) row.scrollLeft += its.right - within.right;
}

type Part = { to: LinkProps["to"]; label: string; may: boolean };

/** Pages under one title, of which those that one may see have a tab. */
export function Section({
  title,
  label = title,
  wide,
  parts,
}: {
  title: string;
  label?: string;
  wide?: boolean;
  parts: Part[];
}) {
  const here = useLocation({ select: ({ pathname }) => pathname });
  const isWithheld = parts.some(({ to, may }) => to === here && !may);
  return (
    <Page title={title} wide={wide ?? false}>
      <Tabs aria-label={label}>
        {parts
          .filter(({ may }) => may)
          .map(({ to, label: name }) => (
            <Link
              key={to}
              to={to}
              className={css.tab}
              activeOptions={{ includeSearch: false }}
              activeProps={{ "aria-current": "page", "data-active": "" }}
            >
              {name}
            </Link>
          ))}
      </Tabs>
      {isWithheld ? <Withheld /> : <Outlet />}
    </Page>
  );
}
