// How answers are kept: fresh for a while, told anew by events, never asked again when refused.

import { QueryClient } from "@tanstack/react-query";
import { isProblem } from "./client";

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      retry: (failures, error) =>
        failures < 3 && (!isProblem(error) || error.status === 0 || error.status >= 500),
    },
  },
});

/** What is under way is asked for so often, whether or not an event comes. */
export const UNDER_WAY_MS = 10_000;

/** Ask again for whatever was read from these paths of the API. */
export function refresh(...paths: string[]): Promise<void> {
  return queries.invalidateQueries({
    predicate: ({ queryKey }) => paths.some((path) => String(queryKey[1]).startsWith(path)),
  });
}
