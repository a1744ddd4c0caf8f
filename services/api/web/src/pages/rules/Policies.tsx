// Policies: what becomes an alert, for the chain, a store, a camera. Nothing counts before it is
// saved; before that one may see what it would have raised last week.

import { useLingui } from "@lingui/react/macro";
import { getRouteApi, Link } from "@tanstack/react-router";
import { $api } from "@/api/client";
import { useMe } from "@/api/session";
import { SelectField } from "@/ui/controls";
import { Empty, Fault, Loaded, Page, Skeleton } from "@/ui/layout";
import { Tabs } from "@/ui/tabs";
import ui from "@/ui/ui.module.css";
import { PolicyEditor } from "./PolicyEditor";
import type { Scope } from "./policies";
import { usePolicy } from "./reading";
import css from "./rules.module.css";

const route = getRouteApi("/shell/policies");
const SCOPES: Scope[] = ["tenant", "store", "source"];

export function Policies() {
  const { t } = useLingui();
  const { scope = "tenant", id } = route.useSearch();
  const words = { tenant: t`Chain`, store: t`Store`, source: t`Camera` };
  return (
    <Page title={t`Policies`}>
      <Tabs aria-label={t`For whom`}>
        {SCOPES.map((name) => (
          <Link
            key={name}
            to="/policies"
            search={{ scope: name }}
            className={ui.tab}
            aria-current={name === scope ? "page" : undefined}
            data-active={name === scope || undefined}
          >
            {words[name]}
          </Link>
        ))}
      </Tabs>
      {scope === "tenant" && <Chain />}
      {scope === "store" && <OfStore id={id} />}
      {scope === "source" && <OfCamera id={id} />}
    </Page>
  );
}

function useCameras(storeId?: string) {
  const query = { limit: 100, kind: "camera" as const, store_id: storeId };
  return $api.useQuery("get", "/api/v1/sources", { params: { query } });
}

function Chain() {
  const policy = usePolicy("tenant", "");
  const cameras = useCameras();
  const { sees_all_stores } = useMe();
  return (
    <Loaded query={policy}>
      {(seen) => (
        <Loaded query={cameras}>
          {({ items }) => (
            <PolicyEditor
              key="tenant"
              seen={seen}
              scope="tenant"
              sourceIds={items.map((source) => source.source_id)}
              isFixed={!sees_all_stores}
            />
          )}
        </Loaded>
      )}
    </Loaded>
  );
}

function OfStore({ id }: { id: string | undefined }) {
  const { t } = useLingui();
  const stores = $api.useQuery("get", "/api/v1/stores");
  return (
    <Loaded query={stores}>
      {({ items }) => {
        const chosen = id ?? items[0]?.store_id;
        if (!chosen) return <Empty title={t`There is no store`} />;
        return (
          <>
            <Choice
              label={t`Store`}
              scope="store"
              value={chosen}
              options={items.map((store) => [store.store_id, store.name])}
            />
            <Store key={chosen} storeId={chosen} />
          </>
        );
      }}
    </Loaded>
  );
}

function Store({ storeId }: { storeId: string }) {
  const policy = usePolicy("store", storeId);
  const cameras = useCameras(storeId);
  if (!policy.data || !cameras.data)
    return policy.error ? <Fault error={policy.error} /> : <Skeleton rows={4} />;
  const ids = cameras.data.items.map((source) => source.source_id);
  return <PolicyEditor seen={policy.data} scope="store" sourceIds={ids} />;
}

function OfCamera({ id }: { id: string | undefined }) {
  const { t } = useLingui();
  const cameras = useCameras();
  return (
    <Loaded query={cameras}>
      {({ items }) => {
        const chosen = id ?? items[0]?.source_id;
        if (!chosen) return <Empty title={t`There is no camera yet`} />;
        return (
          <>
            <Choice
              label={t`Camera`}
              scope="source"
              value={chosen}
              options={items.map(({ source_id, name, store }) => [
                source_id,
                store ? `${store} · ${name}` : name,
              ])}
            />
            <Camera key={chosen} sourceId={chosen} />
          </>
        );
      }}
    </Loaded>
  );
}

function Camera({ sourceId }: { sourceId: string }) {
  const policy = usePolicy("source", sourceId);
  return (
    <Loaded query={policy}>
      {(seen) => <PolicyEditor seen={seen} scope="source" sourceIds={[sourceId]} />}
    </Loaded>
  );
}

function Choice({
  label,
  scope,
  value,
  options,
}: {
  label: string;
  scope: Scope;
  value: string;
  options: [string, string][];
}) {
  const navigate = route.useNavigate();
  return (
    <div className={css.bar}>
      <SelectField
        label={label}
        value={value}
        onChange={(event) => navigate({ search: { scope, id: event.currentTarget.value } })}
      >
        {options.map(([id, name]) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </SelectField>
    </div>
  );
}
