// How far a store is with heads of its own, and what to mark next, one moment after the other.

import { useLingui } from "@lingui/react/macro";
import { getRouteApi } from "@tanstack/react-router";
import { $api, type LearningView } from "@/api/client";
import { useMay } from "@/api/session";
import { useFormat } from "@/i18n/format";
import { SelectField } from "@/ui/controls";
import { Empty, Loaded } from "@/ui/layout";
import { StoreOptions, useStores } from "@/ui/stores";
import { ReportMissed } from "@/video/ReportMissed";
import css from "../models.module.css";
import { LabelPanel } from "./LabelPanel";
import { Missed } from "./Missed";
import { Suggestions } from "./Suggestions";
import { useLabelWord } from "./words";

const route = getRouteApi("/shell/models-section/learning");

export function Learning() {
  const { t } = useLingui();
  const { store } = route.useSearch();
  const navigate = route.useNavigate();
  const may = useMay("review");
  const stores = useStores();
  const params = { query: store ? { store_id: store } : {} };
  const query = $api.useQuery("get", "/api/v1/learning", { params });
  return (
    <div className={css.stack}>
      <div className={css.head}>
        <p
          className={css.lead}
        >{t`What you mark teaches the next detector. It learns from your own store: from true alarms, from events that raised none, and from moments in which nothing happened.`}</p>
        <div className={css.note}>
          {stores.length > 1 && (
            <SelectField
              label={t`Store`}
              value={store ?? ""}
              onChange={(event) =>
                void navigate({ search: { store: event.currentTarget.value || undefined } })
              }
            >
              <StoreOptions all={t`All stores`} />
            </SelectField>
          )}
          {may && <ReportMissed storeId={store} />}
        </div>
      </div>
      <Loaded query={query} rows={4}>
        {(learning) => <Found learning={learning} storeId={store} />}
      </Loaded>
    </div>
  );
}

function Found({ learning, storeId }: { learning: LearningView; storeId: string | undefined }) {
  const { suggestions } = learning;
  return (
    <>
      <Progress learning={learning} />
      <Suggestions key={storeId ?? ""} all={suggestions} />
      <Missed storeId={storeId} />
    </>
  );
}

/** Of what was marked how far it is, the furthest first; what was not is named. */
function Progress({ learning: { labels, quiet_hours } }: { learning: LearningView }) {
  const { t } = useLingui();
  const { number } = useFormat();
  const word = useLabelWord();
  const hours = number(quiet_hours);
  const begun = labels.filter(({ marked }) => marked > 0).sort((a, b) => b.marked - a.marked);
  const others = labels.filter(({ marked }) => marked === 0).map(({ label }) => word(label));
  const names = others.join(", ");
  if (!begun.length)
    return (
      <Empty title={t`Nothing was marked yet`}>
        <p>{t`Give alerts a verdict, or report an event that raised none.`}</p>
      </Empty>
    );
  return (
    <section className={css.stack} aria-labelledby="labels">
      <div className={css.head}>
        <h2 id="labels">{t`How far it is`}</h2>
        <span className="dim">{t`${hours} quiet hours to learn from`}</span>
      </div>
      <div className={css.cards}>
        {begun.map((label) => (
          <LabelPanel key={label.label} label={label} />
        ))}
      </div>
      {others.length > 0 && <p className="dim">{t`Not marked yet: ${names}`}</p>}
    </section>
  );
}
