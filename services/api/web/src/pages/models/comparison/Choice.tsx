// Which two runs are compared, and over what.

import { useLingui } from "@lingui/react/macro";
import { getRouteApi } from "@tanstack/react-router";
import { $api } from "@/api/client";
import { SelectField } from "@/ui/controls";
import css from "../models.module.css";
import { useDeployments } from "../reading";
import { REPLAYS, useSpan } from "../replays/reading";
import type { ComparisonSearch } from "../search";
import { useStores } from "../stores";

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
    <search className={css.filters}>
      <RunField
        label={t`Run`}
        value={run}
        runs={runs.filter((each) => each.run !== "live")}
        choose={(chosen) =>
          change({ run: chosen || undefined, since: undefined, until: undefined })
        }
      />
      <RunField
        label={t`Beside`}
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
          <option value="">{t`All stores`}</option>
          {stores.map(({ store_id, name }) => (
            <option key={store_id} value={store_id}>
              {name}
            </option>
          ))}
        </SelectField>
      )}
    </search>
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
  const replays = $api.useQuery("get", REPLAYS, { params: { query: { limit: 200 } } });
  const scopes = useDeployments().data ?? [];
  const shadows = new Set(scopes.flatMap((scope) => scope.shadows.map(({ run }) => run)));
  const finished = (replays.data?.items ?? []).filter(({ state }) => state === "done");
  return [
    { run: "live", label: t`What was live` },
    ...[...shadows].map((run) => ({ run, label: t`${run} · looking on` })),
    ...finished.map((replay) => ({ run: replay.run, label: `${replay.run} · ${span(replay)}` })),
  ];
}
