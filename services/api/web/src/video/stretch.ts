// A stretch of a camera's recordings: fetched from the worker and put together when it is asked for.

import { useQuery } from "@tanstack/react-query";
import { IN_ENGLISH, Problem, problemOf } from "@/api/client";

const MOST_TRIES = 20;

/** Where it plays, once it can. The query fails in the API's sentence where nothing was recorded. */
export function useStretch(sourceId: string, since: string, until: string, enabled: boolean) {
  const url = `/api/v1/sources/${sourceId}/media?${new URLSearchParams({ from: since, to: until })}`;
  return useQuery({
    queryKey: ["stretch", url],
    enabled,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
    queryFn: async ({ signal }) => {
      for (let tries = 0; tries < MOST_TRIES; tries += 1) {
        const headers = { ...IN_ENGLISH, Range: "bytes=0-0" };
        const answer = await fetch(url, { headers, signal });
        if (answer.status === 206 || answer.status === 200) return url;
        if (answer.status !== 202) throw await problemOf(answer);
        const waits = Number(answer.headers.get("Retry-After")) || 2;
        await new Promise((done) => setTimeout(done, waits * 1000));
      }
      throw new Problem(503, "");
    },
  });
}
