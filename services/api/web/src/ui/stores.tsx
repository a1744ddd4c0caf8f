// The stores that one sees: their names, and by which clock they live.

import { $api, type StoreView } from "@/api/client";

const NONE: StoreView[] = [];
const BROWSERS = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** All that one may see; empty until they are read. */
export function useStores(): StoreView[] {
  const { data } = $api.useQuery(
    "get",
    "/api/v1/stores",
    { params: { query: { limit: 200 } } },
    { staleTime: 300_000 },
  );
  return data?.items ?? NONE;
}

/** The time zone of a store; the browser's while that is not read. */
export function useZone(): (storeId: string | null | undefined) => string {
  const stores = useStores();
  return (storeId) =>
    stores.find((store) => store.store_id === storeId)?.hours.time_zone ?? BROWSERS;
}

/** A camera's name, with its store's where there is more than one store. */
export function useWhere(): (name: string, storeId: string | null | undefined) => string {
  const stores = useStores();
  return (name, storeId) => {
    const store = stores.length > 1 && stores.find((each) => each.store_id === storeId);
    return store ? `${name} · ${store.name}` : name;
  };
}

/** Of a select: `all` names the choice of none in particular, which comes first. */
export function StoreOptions({ all }: { all?: string }) {
  return (
    <>
      {all !== undefined && <option value="">{all}</option>}
      {useStores().map(({ store_id, name }) => (
        <option key={store_id} value={store_id}>
          {name}
        </option>
      ))}
    </>
  );
}
