// The client: every route of the API by its path, with the types of what goes in and comes out.
import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./schema.js";

export type { components, operations, paths } from "./schema.js";
export type Schemas = components["schemas"];
export type Nightclerk = Client<paths>;

/** `url` is where the API is served, e.g. http://127.0.0.1:8080; `key` an API key, if it asks. */
export function connect(url: string, key?: string): Nightclerk {
  const headers: Record<string, string> = key ? { Authorization: `Bearer ${key}` } : {};
  return createClient<paths>({ baseUrl: url.replace(/\/+$/, ""), headers });
}
