// Pages, panels and their states: empty, loading, failed.

import { useLingui } from "@lingui/react/macro";
import { type ComponentProps, type ReactNode, useEffect } from "react";
import { Problem } from "@/api/client";
import { said } from "@/i18n/said";
import { Button, joined } from "./controls";
import css from "./ui.module.css";

/** A page: its title (also the browser's), what may be done, its content. */
export function Page({
  title,
  actions,
  wide = false,
  children,
}: {
  title: string;
  actions?: ReactNode;
  wide?: boolean;
  children: ReactNode;
}) {
  useEffect(() => {
    document.title = `${title} · Nightclerk`;
  }, [title]);
  return (
    <div className={joined(css.page, wide && css.wide)}>
      <header className={css.head}>
        <h1 tabIndex={-1}>{title}</h1>
        {actions && <div className={css.actions}>{actions}</div>}
      </header>
      {children}
    </div>
  );
}

export function Panel({ className, ...rest }: ComponentProps<"section">) {
  return <section className={joined(css.panel, className)} {...rest} />;
}

export function Actions({ className, ...rest }: ComponentProps<"div">) {
  return <div className={joined(css.actions, className)} {...rest} />;
}

/** What is wide scrolls within itself, not the page. */
export function Scroll({ children, label }: { children: ReactNode; label: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls by the keyboard
    <section className={css.scroll} aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className={css.empty}>
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** In place of a page that somebody's role does not open. */
export function Withheld() {
  const { t } = useLingui();
  return (
    <Empty title={t`Your role does not open this page`}>
      <p>{t`An owner of your stores can give you one that does.`}</p>
    </Empty>
  );
}

export function Skeleton({ rows = 3 }: { rows?: number }) {
  const { t } = useLingui();
  return (
    <div role="status" aria-label={t`Loading`} style={{ display: "grid", gap: 12 }}>
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are all alike
        <div key={row} className={css.skeleton} />
      ))}
    </div>
  );
}

/** What went wrong, in the API's sentence, and the way on. */
export function Fault({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t } = useLingui();
  return (
    <Panel className={css.error} role="alert">
      <p>{sentence(error, t`Nightclerk cannot be reached. Is it running?`)}</p>
      {retry && <Button onClick={retry}>{t`Try again`}</Button>}
    </Panel>
  );
}

export function sentence(error: unknown, unreachable: string): string {
  if (error instanceof Problem) return error.status === 0 ? unreachable : said(error.message);
  return error instanceof Error ? error.message : String(error);
}

export type Tone = "good" | "bad" | "warn" | "busy" | "plain";

/** A state in a word; the colour never says anything alone. */
export function Badge({ tone = "plain", children }: { tone?: Tone; children: ReactNode }) {
  return <span className={joined(css.badge, css[tone])}>{children}</span>;
}

/** A query's data, or how it stands meanwhile. */
export function Loaded<T>({
  query,
  children,
  rows,
}: {
  query: { data: T | undefined; error: unknown; refetch: () => unknown };
  children: (data: T) => ReactNode;
  rows?: number;
}) {
  if (query.data !== undefined) return children(query.data);
  if (query.error) return <Fault error={query.error} retry={() => query.refetch()} />;
  return <Skeleton rows={rows} />;
}
