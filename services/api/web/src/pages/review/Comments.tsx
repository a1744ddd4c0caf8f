import { useLingui } from "@lingui/react/macro";
import { type FormEvent, type Ref, useState } from "react";
import { $api, client } from "@/api/client";
import { refresh } from "@/api/queries";
import { useMay } from "@/api/session";
import { useFormat } from "@/i18n/format";
import { Button } from "@/ui/controls";
import { Loaded } from "@/ui/layout";
import { useTelling } from "./acts";
import css from "./review.module.css";

export function Comments({ alertId, ref }: { alertId: string; ref?: Ref<HTMLTextAreaElement> }) {
  const { t } = useLingui();
  const { ago } = useFormat();
  const may = useMay("review");
  const params = { path: { alert_id: alertId } };
  const comments = $api.useQuery("get", "/api/v1/alerts/{alert_id}/comments", { params });
  return (
    <section className={css.stack} aria-label={t`Comments`}>
      <h3>{t`Comments`}</h3>
      <Loaded query={comments} rows={1}>
        {({ items }) => (
          <ul className={css.rows}>
            {items.length === 0 && <li className="dim">{t`Nobody has commented.`}</li>}
            {items.map((comment) => (
              <li key={comment.comment_id}>
                <span className={css.line}>
                  <strong>{comment.person}</strong>
                  <time className="dim" dateTime={comment.written_at}>
                    {ago(comment.written_at)}
                  </time>
                </span>
                <p className={css.text}>{comment.text}</p>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
      {may && <Write alertId={alertId} ref={ref} />}
    </section>
  );
}

function Write({ alertId, ref }: { alertId: string; ref?: Ref<HTMLTextAreaElement> }) {
  const { t } = useLingui();
  const telling = useTelling();
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const send = async (event?: FormEvent) => {
    event?.preventDefault();
    if (!text.trim()) return;
    setBusy(true);
    const params = { path: { alert_id: alertId } };
    const done = await telling(() =>
      client.POST("/api/v1/alerts/{alert_id}/comments", { params, body: { text } }),
    );
    setBusy(false);
    if (!done) return;
    setText("");
    void refresh("/api/v1/alerts/{alert_id}/comments");
  };
  return (
    <form className={css.write} onSubmit={send}>
      <textarea
        ref={ref}
        rows={2}
        maxLength={4000}
        aria-label={t`Comment`}
        placeholder={t`Write a comment…`}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") event.currentTarget.blur();
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void send();
        }}
      />
      <Button type="submit" busy={busy} disabled={!text.trim()}>{t`Send`}</Button>
    </form>
  );
}
