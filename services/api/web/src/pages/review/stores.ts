// The stores that one sees: names and time zones by id.

import { $api, type StoreView } from "@/api/client";

const NONE: StoreView[] = [];

export function useStores(): {
  all: StoreView[];
  zoneOf: (id?: string | null) => string | undefined;
} {
  const { data } = $api.useQuery(
    "get",
    "/api/v1/stores",
    { params: { query: { limit: 200 } } },
    { staleTime: 300_000 },
  );
  const all = data?.items ?? NONE;
  const zoneOf = (id?: string | null) =>
    all.find((store) => store.store_id === id)?.hours.time_zone ?? undefined;
  return { all, zoneOf };
}
