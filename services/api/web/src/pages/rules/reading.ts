// Policies as they are read and written: with the tag that tells which one somebody saw, so that
// nobody overwrites what they have not seen.

import { useQuery } from "@tanstack/react-query";
import { client, type Policy, type PolicyView } from "@/api/client";
import type { Scope } from "./policies";

export type Seen = { view: PolicyView; tag: string };
type Answer = { data?: PolicyView; response: Response };

export const POLICIES = "/api/v1/policies";

/** `id` is of a store or source; of the tenant there is none. */
export function usePolicy(scope: Scope, id: string) {
  return useQuery({
    queryKey: ["get", POLICIES, scope, id],
    queryFn: async () => seen(await read(scope, id)),
  });
}

/** Raises Problem: 412 where it was changed meanwhile. */
export async function save(scope: Scope, id: string, body: Policy, tag: string): Promise<Seen> {
  return seen(await write(scope, id, body, tag));
}

function read(scope: Scope, id: string): Promise<Answer> {
  if (scope === "tenant") return client.GET("/api/v1/policies/tenant");
  if (scope === "store") {
    const path = { store_id: id };
    return client.GET("/api/v1/policies/stores/{store_id}", { params: { path } });
  }
  const path = { source_id: id };
  return client.GET("/api/v1/policies/sources/{source_id}", { params: { path } });
}

function write(scope: Scope, id: string, body: Policy, tag: string): Promise<Answer> {
  const header = { "If-Match": tag };
  if (scope === "tenant")
    return client.PUT("/api/v1/policies/tenant", { params: { header }, body });
  if (scope === "store") {
    const path = { store_id: id };
    return client.PUT("/api/v1/policies/stores/{store_id}", { params: { path, header }, body });
  }
  const path = { source_id: id };
  return client.PUT("/api/v1/policies/sources/{source_id}", { params: { path, header }, body });
}

function seen({ data, response }: Answer): Seen {
  if (!data) throw new Error("empty");
  return { view: data, tag: response.headers.get("ETag") ?? "" };
}
