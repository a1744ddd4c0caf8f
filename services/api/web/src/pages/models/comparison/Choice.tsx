// Which two runs are compared, and over what.

import { useLingui } from "@lingui/react/macro";
import { getRouteApi } from "@tanstack/react-router";
import { $api } from "@/api/client";
import { joined, SelectField } from "@/ui/controls";
import { MomentField } from "@/ui/moments";
import { StoreOptions, useStores } from "@/ui/stores";
import css from "../models.module.css";
import { useDeployments } from "../reading";
import { REPLAYS, useSpan } from "../replays/reading";
import type { ComparisonSearch } from "../search";
import { useTitles } from "../words";
import { useComparison } from "./reading";

const route = getRouteApi("/shell/models-section/comparison");

export function Choice() {
  const { t } = useLingui();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const stores = useStores();
  const runs = useRuns();
  const change = (part: ComparisonSearch) =>
    void navigate({ search: (before) => ({ ...before, ...part }) });
  const { run = "", against = "live", store = "" } = search;
  return (
    <search className={joined(css.filters, css.roomy)}>
      <RunField
        label={t`What is compared`}
        value={run}
        runs={runs.filter((each) => each.run !== "live")}
        choose={(chosen) =>
          change({ run: chosen || undefined, since: undefined, until: undefined })
        }
      />
      <RunField
        label={t`With`}
        value={against}
        runs={runs.filter((each) => each.run !== run)}
        choose={(chosen) => change({ against: chosen === "live" ? undefined : chosen })}
      />
      {stores.length > 1 && (
        <SelectField
          label={t`Store`}
          value={store}
          onChange={(event) => change({ store: event.currentTarget.value || undefined })}
        >
          <StoreOptions all={t`All stores`} />
        </SelectField>
      )}
      {run && <Stretch run={run} change={change} />}
    </search>
  );
}

/** The run's own until somebody changes it; an emptied field brings that back. */
function Stretch({ run, change }: { run: string; change: (part: ComparisonSearch) => void }) {
  const { t } = useLingui();
  const { against, since, until, store } = route.useSearch();
  const { data } = useComparison({ run, against, since, until, store_id: store });
  const shown = { since: since ?? data?.since, until: until ?? data?.until };
  const pick = (name: "since" | "until") => (moment: string | undefined) =>
    change({
      ...(moment ? { ...shown, [name]: moment } : { since: undefined, until: undefined }),
      item: undefined,
    });
  return (
    <>
      <MomentField label={t`From`} value={shown.since} pick={pick("since")} />
      <MomentField label={t`Until`} value={shown.until} pick={pick("until")} />
    </>
  );
}

function RunField({
  label,
  value,
  runs,
  choose,
}: {
  label: string;
  value: string;
  runs: { run: string; label: string }[];
  choose: (run: string) => void;
}) {
  const { t } = useLingui();
  const isThere = !value || runs.some(({ run }) => run === value);
  return (
    <SelectField
      label={label}
      value={value}
      onChange={(event) => choose(event.currentTarget.value)}
    >
      {!value && <option value="">{t`Choose…`}</option>}
      {!isThere && <option value={value}>{value}</option>}
      {runs.map(({ run, label: name }) => (
        <option key={run} value={run}>
          {name}
        </option>
      ))}
    </SelectField>
  );
}

/** What was live, what looks on, and what was replayed to its end. */
function useRuns(): { run: string; label: string }[] {
  const { t } = useLingui();
  const span = useSpan();
  const title = useTitles();
  const replays = $api.useQuery("get", REPLAYS, { params: { query: { limit: 200 } } });
  const scopes = useDeployments().data ?? [];
  const shadows = new Set(scopes.flatMap((scope) => scope.shadows.map(({ run }) => run)));
  const finished = (replays.data?.items ?? []).filter(({ state }) => state === "done");
  return [
    { run: "live", label: t`What was live` },
    ...[...shadows].map((run) => ({
      run,
      label: t`${title(run.replace(/^shadow-/, ""))} · looking on`,
    })),
    ...finished.map((replay) => ({
      run: replay.run,
      label: `${title(replay.detector)} · ${span(replay)}`,
    })),
  ];
}
