// What was tried to reach a target, latest first; it grows by itself.

import { useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { type AttemptView, client, type TargetView } from "@/api/client";
import { useFormat } from "@/i18n/format";
import { said } from "@/i18n/said";
import { Button } from "@/ui/controls";
import { Badge, Fault, Panel, Scroll, Skeleton, sentence } from "@/ui/layout";
import { More, usePages } from "@/ui/lists";
import { notify, notifyFault } from "@/ui/toasts";
import ui from "@/ui/ui.module.css";
import css from "./rules.module.css";

const PATH = "/api/v1/targets/{target_id}/deliveries";
const TONES = { delivered: "good", retrying: "warn", failed: "bad" } as const;

/** `testId`: of a test just asked for, whose arrival is shown. */
export function Deliveries({ target, testId }: { target: TargetView; testId: string | null }) {
  const { t } = useLingui();
  const path = { target_id: target.target_id };
  const query = usePages(PATH, path, async (cursor) => {
    const { data } = await client.GET(PATH, { params: { path, query: { limit: 30, cursor } } });
    if (!data) throw new Error("empty");
    return data;
  });
  const items = query.data?.pages.flatMap((page) => page.items);
  const isUnderWay = testId !== null && !items?.some((attempt) => attempt.delivery_id === testId);
  return (
    <section className={css.section} aria-labelledby="deliveries">
      <h2 id="deliveries">{t`Deliveries`}</h2>
      <div role="status">
        {isUnderWay && <Badge tone="busy">{t`The test is on its way…`}</Badge>}
      </div>
      {query.error && !items ? (
        <Fault error={query.error} retry={() => query.refetch()} />
      ) : !items ? (
        <Skeleton rows={3} />
      ) : items.length === 0 ? (
        <Panel>
          <p className="dim">{t`Nothing was sent to it yet.`}</p>
        </Panel>
      ) : (
        <Panel className={css.flush}>
          <Scroll label={t`Deliveries`}>
            <table className={ui.stacked}>
              <thead>
                <tr>
                  <th>{t`When`}</th>
                  <th>{t`What`}</th>
                  <th>{t`Outcome`}</th>
                  <th>{t`Answer`}</th>
                  <th>
                    <span className="unseen">{t`Acts`}</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {items.map((attempt) => (
                  <Row
                    key={`${attempt.delivery_id}/${attempt.attempt}`}
                    attempt={attempt}
                    target={target}
                  />
                ))}
              </tbody>
            </table>
          </Scroll>
        </Panel>
      )}
      <More query={query} />
    </section>
  );
}

function Row({ attempt, target }: { attempt: AttemptView; target: TargetView }) {
  const { t } = useLingui();
  const { moment, number } = useFormat();
  const outcomes = { delivered: t`Delivered`, retrying: t`Tried again`, failed: t`Failed` };
  const count = attempt.attempt;
  return (
    <tr>
      <td className="numbers" data-label={t`When`}>
        {moment(attempt.attempted_at)}
      </td>
      <td data-label={t`What`}>
        <Purpose attempt={attempt} />
      </td>
      <td data-label={t`Outcome`}>
        <span>
          <Badge tone={TONES[attempt.outcome]}>{outcomes[attempt.outcome]}</Badge>
          {count > 1 && <small> {t`attempt ${count}`}</small>}
        </span>
      </td>
      <td className={css.answer} data-label={t`Answer`}>
        <span>
          {answerOf(attempt)} <small>{number(attempt.took_ms)} ms</small>
        </span>
      </td>
      <td>
        <Again attempt={attempt} target={target} />
      </td>
    </tr>
  );
}

/** Details of webhooks begin with the status themselves. */
function answerOf({ status, detail, response }: AttemptView): string {
  const words = said(detail) || response;
  if (status && words.includes(String(status))) return words;
  return [status, words].filter(Boolean).join(" · ");
}

function Purpose({ attempt }: { attempt: AttemptView }) {
  const { t } = useLingui();
  if (attempt.purpose === "test") return t`Test`;
  const word = attempt.purpose === "redelivery" ? t`Alert, once more` : t`Alert`;
  return (
    <Link to="/alerts/$alertId" params={{ alertId: attempt.alert_id }}>
      {word}
    </Link>
  );
}

function Again({ attempt, target }: { attempt: AttemptView; target: TargetView }) {
  const { t } = useLingui();
  if (attempt.purpose === "test" || attempt.outcome === "retrying") return null;
  const again = async () => {
    const params = { path: { alert_id: attempt.alert_id } };
    try {
      await client.POST("/api/v1/alerts/{alert_id}/deliveries", {
        params,
        body: { target_id: target.target_id },
      });
      notify(t`It is being delivered once more`);
    } catch (error) {
      notifyFault(sentence(error, t`Nightclerk cannot be reached. Is it running?`));
    }
  };
  return <Button look="quiet" onClick={again}>{t`Deliver again`}</Button>;
}
