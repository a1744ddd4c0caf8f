// What is live where, and how it does: the tenant's, and each store that has one of its own.

import { useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { useMay } from "@/api/session";
import { useFormat } from "@/i18n/format";
import { buttonClass } from "@/ui/controls";
import { Badge, Loaded, Panel } from "@/ui/layout";
import ui from "@/ui/ui.module.css";
import css from "../models.module.css";
import { type Deployment, type Live, type Shadow, useDeployments } from "../reading";
import { titled, useInterval } from "../words";
import { RemoveShadow, RollBack } from "./acts";

export function Deployments() {
  const { t } = useLingui();
  const query = useDeployments();
  return (
    <section className={css.stack} aria-labelledby="live">
      <h2 id="live">{t`What is live`}</h2>
      <Loaded query={query} rows={1}>
        {(all) => {
          const own = all.filter((each, index) => index === 0 || isItsOwn(each));
          const others = all.filter((each) => !own.includes(each) && each.store);
          const names = others.map(({ store }) => store).join(", ");
          return (
            <>
              <div className={css.cards}>
                {own.map((each) => (
                  <Scope key={each.store_id ?? ""} deployment={each} />
                ))}
              </div>
              {own.length > 1 && others.length > 0 && (
                <p className="dim">{t`As in all stores: ${names}`}</p>
              )}
            </>
          );
        }}
      </Loaded>
    </section>
  );
}

/** Whether a store differs from the others. */
function isItsOwn({ live, shadows }: Deployment): boolean {
  return shadows.length > 0 || live.some(({ is_inherited }) => !is_inherited);
}

function Scope({ deployment }: { deployment: Deployment }) {
  const { t } = useLingui();
  const { store, live, shadows, is_announced } = deployment;
  return (
    <Panel className={css.card} aria-label={store ?? t`All stores`}>
      <div className={css.head}>
        <h3>{store ?? t`All stores`}</h3>
        {!is_announced && <Badge tone="busy">{t`On its way to the services`}</Badge>}
      </div>
      {live.map((each) => (
        <LiveDetector key={each.backbone} live={each} deployment={deployment} />
      ))}
      {shadows.map((shadow) => (
        <Looker key={shadow.run} shadow={shadow} deployment={deployment} />
      ))}
    </Panel>
  );
}

/** Which networks see for it is of interest only where there are several. */
const sees = ({ live, shadows }: Deployment) =>
  new Set([...live, ...shadows].map(({ backbone }) => backbone)).size > 1;

function LiveDetector({ live, deployment }: { live: Live; deployment: Deployment }) {
  const { t } = useLingui();
  const { ago, moment } = useFormat();
  const may = useMay("administer");
  const { detector, since, by, is_built_in, is_inherited } = live;
  return (
    <div className={css.live}>
      <div className={css.head}>
        <Link to="/models/$detector" params={{ detector }} className={css.name}>
          {titled(live)}
        </Link>
        <Badge tone="good">{t`Live`}</Badge>
      </div>
      <p className={ui.facts}>
        {sees(deployment) && <span>{live.backbone}</span>}
        {is_built_in && <span>{t`Built in`}</span>}
        {is_inherited && <span>{t`As in all stores`}</span>}
        {since && !is_inherited && (
          <span title={moment(since)}>{[ago(since), by].filter(Boolean).join(" · ")}</span>
        )}
      </p>
      <Figures live={live} />
      {may && !is_inherited && since && <RollBack live={live} deployment={deployment} />}
    </div>
  );
}

/** How many alarms it raises, against what it may, and what people said of them. */
function Figures({ live: { figures, budget_per_day } }: { live: Live }) {
  const { t } = useLingui();
  const { number, rate } = useFormat();
  const interval = useInterval();
  if (!figures) return null;
  const { alarms, camera_days, reviewed_true, reviewed_false, per_camera_day } = figures;
  const days = number(camera_days);
  const reviewed = reviewed_true + reviewed_false;
  const isOver = budget_per_day !== null && (per_camera_day.value ?? 0) > budget_per_day;
  return (
    <dl className={css.pairs}>
      <dt>{t`Alarms a camera and day`}</dt>
      <dd>
        {interval(per_camera_day)}{" "}
        <span className="dim">· {t`${alarms} in ${days} camera-days`}</span>
      </dd>
      {budget_per_day !== null && (
        <>
          <dt>{t`Rolled back by itself above`}</dt>
          <dd>
            {t`${rate(budget_per_day)} a camera and day`}{" "}
            {isOver && <Badge tone="bad">{t`Above`}</Badge>}
          </dd>
        </>
      )}
      <dt>{t`True of what was reviewed`}</dt>
      <dd>
        {reviewed
          ? `${interval(figures.precision, "percent")} · ${t`${reviewed_true} of ${reviewed}`}`
          : t`nothing reviewed yet`}
      </dd>
    </dl>
  );
}

function Looker({ shadow, deployment }: { shadow: Shadow; deployment: Deployment }) {
  const { t } = useLingui();
  const { ago, moment } = useFormat();
  const may = useMay("administer");
  const { detector, since, run } = shadow;
  return (
    <div className={css.live}>
      <div className={css.head}>
        <Link to="/models/$detector" params={{ detector }} className={css.name}>
          {titled(shadow)}
        </Link>
        <Badge tone="busy">{t`Looking on`}</Badge>
      </div>
      <p className={ui.facts}>
        {sees(deployment) && <span>{shadow.backbone}</span>}
        <span title={moment(since)}>{[ago(since), shadow.by].filter(Boolean).join(" · ")}</span>
      </p>
      <div className={css.acts}>
        <Link
          to="/comparison"
          search={{ run, since, ...(deployment.store_id && { store: deployment.store_id }) }}
          className={buttonClass()}
        >{t`Compare with live`}</Link>
        {may && <RemoveShadow detector={detector} storeId={deployment.store_id} />}
      </div>
    </div>
  );
}
