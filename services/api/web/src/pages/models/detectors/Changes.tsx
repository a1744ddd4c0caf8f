// What was deployed when, by whom and why.

import { useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { client } from "@/api/client";
import { useFormat } from "@/i18n/format";
import { Badge, Loaded, Scroll } from "@/ui/layout";
import { More, usePages } from "@/ui/lists";
import ui from "@/ui/ui.module.css";
import css from "../models.module.css";
import type { Change } from "../reading";
import { useActions, useTitles } from "../words";

const PATH = "/api/v1/deployments/history";

export function Changes() {
  const { t } = useLingui();
  const changes = usePages(PATH, {}, async (cursor) => {
    const { data } = await client.GET(PATH, { params: { query: { limit: 20, cursor } } });
    return data as { items: Change[]; next: string | null };
  });
  return (
    <section className={css.stack} aria-labelledby="history">
      <h2 id="history">{t`History`}</h2>
      <Loaded query={changes} rows={1}>
        {({ pages }) => {
          const all = pages.flatMap(({ items }) => items);
          if (!all.length) return <p className="dim">{t`Nothing was changed yet.`}</p>;
          return (
            <div className={css.flush}>
              <Scroll label={t`History`}>
                <table className={ui.stacked}>
                  <thead>
                    <tr>
                      <th>{t`When`}</th>
                      <th>{t`What`}</th>
                      <th>{t`Detector`}</th>
                      <th>{t`Where`}</th>
                      <th>{t`By`}</th>
                      <th>{t`Why`}</th>
                    </tr>
                  </thead>
                  <tbody>
                    {all.map((change) => (
                      <Row key={change.entry_id} change={change} />
                    ))}
                  </tbody>
                </table>
              </Scroll>
            </div>
          );
        }}
      </Loaded>
      <More query={changes} />
    </section>
  );
}

function Row({ change }: { change: Change }) {
  const { t } = useLingui();
  const { moment } = useFormat();
  const actions = useActions();
  const title = useTitles();
  const { action, detector_after, detector_before, is_automatic, replay_run, reason } = change;
  const detector = detector_after ?? detector_before;
  return (
    <tr>
      <td data-label={t`When`} className="numbers">
        {moment(change.at)}
      </td>
      <td data-label={t`What`}>{actions[action]}</td>
      <td data-label={t`Detector`}>
        {detector ? (
          <Link to="/models/$detector" params={{ detector }}>
            {title(detector)}
          </Link>
        ) : (
          t`Built in`
        )}
      </td>
      <td data-label={t`Where`}>{change.store ?? t`All stores`}</td>
      <td data-label={t`By`}>
        {is_automatic ? <Badge tone="bad">{t`By itself`}</Badge> : change.by}
      </td>
      <td data-label={t`Why`} className={css.why}>
        {(reason || replay_run) && (
          <span>
            {reason}{" "}
            {replay_run && (
              <Link to="/comparison" search={{ run: replay_run }}>{t`Comparison`}</Link>
            )}
          </span>
        )}
      </td>
    </tr>
  );
}
