// Detectors and what judges where, as the API tells of them.

import { $api, type paths } from "@/api/client";

type Answer<Path extends keyof paths> = paths[Path] extends {
  get: { responses: { 200: { content: { "application/json": infer Body } } } };
}
  ? Body
  : never;

export type Detector = Answer<"/api/v1/models/{detector}">;
export type Head = Detector["heads"][number];
export type Deployment = Answer<"/api/v1/deployments">["items"][number];
export type Live = Deployment["live"][number];
export type Shadow = Deployment["shadows"][number];
export type Change = Answer<"/api/v1/deployments/history">["items"][number];
export type Interval = NonNullable<Live["figures"]>["per_camera_day"];

/** Read anew after whatever changes what judges where. */
export const MODELS = ["/api/v1/models", "/api/v1/deployments", "/api/v1/overview"];

/** Of the tenant first, then of the stores one may see. */
export function useDeployments() {
  const query = $api.useQuery("get", "/api/v1/deployments");
  return { ...query, data: query.data?.items as Deployment[] | undefined };
}

/** Registered or built in; the latest 200. */
export function useDetectors(): Detector[] {
  const query = $api.useQuery("get", "/api/v1/models", { params: { query: { limit: 200 } } });
  return (query.data?.items ?? []) as Detector[];
}

export function useDetector(detector: string) {
  const params = { path: { detector } };
  const query = $api.useQuery("get", "/api/v1/models/{detector}", { params });
  return { ...query, data: query.data as Detector | undefined };
}

/** The scope that a store's id names; without one the tenant. */
export function scopeOf(all: Deployment[] | undefined, storeId: string | null | undefined) {
  return all?.find((each) => (each.store_id ?? null) === (storeId ?? null));
}
