// Stores as these pages need them: their names, and by which clock they live.

import { $api, type StoreView } from "@/api/client";

/** All that one may see; empty until they are read. */
export function useStores(): StoreView[] {
  const { data } = $api.useQuery("get", "/api/v1/stores", { params: { query: { limit: 200 } } });
  return data?.items ?? [];
}

/** The time zone of a store, or of the browser while it is not known. */
export function useTimeZone(storeId: string | null | undefined): string {
  const stores = useStores();
  const zone = stores.find((store) => store.store_id === storeId)?.hours.time_zone;
  return zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
}
