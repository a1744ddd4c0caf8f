// Two runs over the same stretch, side by side, as the API tells of them.

import { $api, type paths } from "@/api/client";

type Query = NonNullable<paths["/api/v1/comparisons"]["get"]["parameters"]["query"]>;
export type Comparison =
  paths["/api/v1/comparisons"]["get"]["responses"][200]["content"]["application/json"];
export type Side = Comparison["run"];
export type Change = Comparison["gained"]["items"][number];
export type AlertSide = NonNullable<Change["run"]>;
export type Disagreement = Comparison["disagreements"][number];
export type Distribution = Comparison["distributions"][number];

export function useComparison(query: Query) {
  const params = { params: { query } };
  return $api.useQuery("get", "/api/v1/comparisons", params, { staleTime: 120_000, retry: false });
}
