// The API, typed by its OpenAPI document. Every failure is a Problem (RFC 9457).

import createFetchClient, { type Middleware } from "openapi-fetch";
import createQueryClient from "openapi-react-query";
import { said } from "@/i18n/said";
import type { paths } from "./schema";

export type * from "./schema";

/** What the API says went wrong. `status` 0: it was not reached. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly title = "",
    readonly retryAfterS: number | null = null,
    readonly kind = "about:blank",
  ) {
    super(message);
    this.name = "Problem";
  }
}

/** Sentences come in English, whatever the browser prefers: the page has them in its own language. */
export const IN_ENGLISH = { "Accept-Language": "en" };

/** The problem that an answer tells of, in the page's language; a proxy's page gives its status
 * alone. */
export async function problemOf(response: Response): Promise<Problem> {
  const retryAfter = Number(response.headers.get("Retry-After")) || null;
  try {
    const { detail, title, type } = await response.json();
    return new Problem(response.status, said(detail || title), title, retryAfter, type);
  } catch {
    return new Problem(
      response.status,
      `${response.status} ${response.statusText}`,
      "",
      retryAfter,
    );
  }
}

const refusals = new Set<() => void>();

/** Calls whenever the API knows nobody behind a request; but for those that sign somebody in. */
export function whenSignedOut(listener: () => void): void {
  refusals.add(listener);
}

const raising: Middleware = {
  async onResponse({ response, schemaPath }) {
    if (response.ok) return;
    if (response.status === 401 && schemaPath !== "/api/v1/session")
      for (const listener of refusals) listener();
    throw await problemOf(response);
  },
  onError({ error }) {
    return new Problem(0, error instanceof Error ? error.message : String(error));
  },
};

export const client = createFetchClient<paths>({
  baseUrl: window.location.origin,
  headers: IN_ENGLISH,
});
client.use(raising);

/** Queries and mutations: `$api.useQuery("get", "/api/v1/cameras")`. Their errors are Problems. */
export const $api = createQueryClient(client);

export function isProblem(error: unknown, ...statuses: number[]): error is Problem {
  return error instanceof Problem && (!statuses.length || statuses.includes(error.status));
}
