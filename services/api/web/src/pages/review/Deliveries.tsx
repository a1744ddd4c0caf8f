import { useLingui } from "@lingui/react/macro";
import { $api, type AttemptView, client } from "@/api/client";
import { refresh } from "@/api/queries";
import { useMay } from "@/api/session";
import { useFormat } from "@/i18n/format";
import { said } from "@/i18n/said";
import { Button, joined } from "@/ui/controls";
import { Badge, Loaded, Panel, Scroll, type Tone } from "@/ui/layout";
import { notify } from "@/ui/toasts";
import ui from "@/ui/ui.module.css";
import { useTelling } from "./acts";
import css from "./review.module.css";
import { useWords } from "./words";

const TONES: Record<AttemptView["outcome"], Tone> = {
  delivered: "good",
  retrying: "warn",
  failed: "bad",
};

/** Who was told, how it went, and once more by hand. */
export function Deliveries({ alertId, zone }: { alertId: string; zone: string | undefined }) {
  const { t } = useLingui();
  const { time } = useFormat(zone);
  const { outcomes, channels } = useWords();
  const params = { path: { alert_id: alertId }, query: { limit: 100 } };
  const attempts = $api.useQuery("get", "/api/v1/alerts/{alert_id}/deliveries", { params });
  return (
    <Panel className={css.block}>
      <h2>{t`Who was told`}</h2>
      <Loaded query={attempts} rows={1}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="dim">{t`Nobody was told of it.`}</p>
          ) : (
            <Scroll label={t`Who was told`}>
              <table className={joined(css.table, ui.stacked)}>
                <thead>
                  <tr>
                    <th scope="col">{t`Time`}</th>
                    <th scope="col">{t`Recipient`}</th>
                    <th scope="col">{t`Outcome`}</th>
                  </tr>
                </thead>
                <tbody>
                  {items.map((attempt) => (
                    <tr key={`${attempt.delivery_id}/${attempt.attempt}`}>
                      <td className="numbers" data-label={t`Time`}>
                        {time(attempt.attempted_at)}
                      </td>
                      <td data-label={t`Recipient`}>
                        <span>
                          {channels[attempt.channel] ?? attempt.channel}{" "}
                          <span className="dim">{attempt.target}</span>
                        </span>
                      </td>
                      <td data-label={t`Outcome`}>
                        <span>
                          <Badge tone={TONES[attempt.outcome]}>{outcomes[attempt.outcome]}</Badge>{" "}
                          <span className="dim">{said(attempt.detail)}</span>
                        </span>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Scroll>
          )
        }
      </Loaded>
      <Again alertId={alertId} />
    </Panel>
  );
}

function Again({ alertId }: { alertId: string }) {
  const { t } = useLingui();
  const may = useMay("configure");
  const telling = useTelling();
  const targets = $api.useQuery(
    "get",
    "/api/v1/targets",
    { params: { query: { limit: 100 } } },
    { enabled: may },
  );
  const enabled = (targets.data?.items ?? []).filter(({ is_enabled }) => is_enabled);
  if (!may || !enabled.length) return null;
  const send = async (form: FormData) => {
    const params = { path: { alert_id: alertId } };
    const body = { target_id: String(form.get("target")) };
    const done = await telling(() =>
      client.POST("/api/v1/alerts/{alert_id}/deliveries", { params, body }),
    );
    if (done) notify(t`It is on its way; how it went appears here.`);
    void refresh("/api/v1/alerts/{alert_id}/deliveries");
  };
  return (
    <form className={css.again} action={send}>
      <select name="target" aria-label={t`Channel`}>
        {enabled.map((target) => (
          <option key={target.target_id} value={target.target_id}>
            {target.name}
          </option>
        ))}
      </select>
      <Button type="submit">{t`Deliver once more`}</Button>
    </form>
  );
}
