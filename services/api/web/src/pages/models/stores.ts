// The stores that one sees.

import { $api, type StoreView } from "@/api/client";

const NONE: StoreView[] = [];

export function useStores(): StoreView[] {
  const { data } = $api.useQuery(
    "get",
    "/api/v1/stores",
    { params: { query: { limit: 200 } } },
    { staleTime: 300_000 },
  );
  return data?.items ?? NONE;
}

/** The clock that a store lives by; of the browser while it is not known. */
export function useZone(): (storeId: string | null | undefined) => string | undefined {
  const stores = useStores();
  return (storeId) => stores.find((store) => store.store_id === storeId)?.hours.time_zone;
}
