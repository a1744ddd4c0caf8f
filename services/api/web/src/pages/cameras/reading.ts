// Cameras as they are read. The typed client forgets that corners are pairs; here it is said again.

import { $api, type CameraView, type EffectivePolicyView } from "@/api/client";

type Read<T> = { data: T | undefined; error: unknown; refetch: () => unknown };

export function useCamera(sourceId: string): Read<CameraView> {
  const params = { params: { path: { source_id: sourceId } } };
  const query = $api.useQuery("get", "/api/v1/cameras/{source_id}", params);
  return { ...query, data: query.data as CameraView | undefined };
}

/** The first two hundred, of one store where it is named. */
export function useCameras(storeId?: string): Read<CameraView[]> {
  const params = { params: { query: { limit: 200, store_id: storeId } } };
  const query = $api.useQuery("get", "/api/v1/cameras", params);
  return { ...query, data: query.data?.items as CameraView[] | undefined };
}

export function usePolicy(sourceId: string): Read<EffectivePolicyView> {
  const params = { params: { path: { source_id: sourceId } } };
  const query = $api.useQuery("get", "/api/v1/sources/{source_id}/policy", params);
  return { ...query, data: query.data as EffectivePolicyView | undefined };
}
