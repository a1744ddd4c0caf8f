// Who looks at the page, and what they may do.

import { useSuspenseQuery } from "@tanstack/react-query";
import { $api, type MeView } from "./client";

export type Right = MeView["rights"][number];

export const SESSION = $api.queryOptions("get", "/api/v1/session");
export const ME = $api.queryOptions("get", "/api/v1/me", {}, { staleTime: 60_000 });

/** Within the shell only, whose loader has asked already. */
export function useMe(): MeView {
  return useSuspenseQuery(ME).data;
}

export function useMay(right: Right): boolean {
  return useMe().rights.includes(right);
}
