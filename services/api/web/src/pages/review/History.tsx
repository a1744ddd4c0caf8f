import { useLingui } from "@lingui/react/macro";
import { $api, type AlertDetail } from "@/api/client";
import { useFormat } from "@/i18n/format";
import { Loaded } from "@/ui/layout";
import { useZone } from "@/ui/stores";
import css from "./review.module.css";
import { useWords } from "./words";

/** Who changed what of the review. */
export function History({ alert }: { alert: AlertDetail }) {
  const { t } = useLingui();
  const zoneOf = useZone();
  const { moment } = useFormat(zoneOf(alert.store_id));
  const { actions, verdicts } = useWords();
  const params = { path: { alert_id: alert.alert_id } };
  const history = $api.useQuery("get", "/api/v1/alerts/{alert_id}/history", { params });
  return (
    <details className={css.more} open={alert.review.version > 0}>
      <summary>{t`History of the review`}</summary>
      <Loaded query={history} rows={1}>
        {({ items }) => (
          <ol className={css.rows}>
            {items.length === 0 && <li className="dim">{t`Nothing was changed yet.`}</li>}
            {items.map((change) => {
              const { verdict, reason } = change.after;
              const words = [
                change.action === "judged" && verdicts[String(verdict)],
                change.action === "judged" && reason,
              ];
              return (
                <li key={change.version}>
                  <strong>{change.person}</strong> {actions[change.action]}
                  {words.some(Boolean) && `: ${words.filter(Boolean).join(", ")}`}
                  <br />
                  <time className="dim" dateTime={change.changed_at}>
                    {moment(change.changed_at)}
                  </time>
                </li>
              );
            })}
          </ol>
        )}
      </Loaded>
    </details>
  );
}
