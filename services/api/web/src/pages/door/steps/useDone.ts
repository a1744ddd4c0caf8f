import { $api } from "@/api/client";
import { useMe } from "@/api/session";
import { SCENE } from "./check";
import type { Step } from "./steps";

/** The steps that left something; whoever goes past another one skips it. */
export function useDone(): ReadonlySet<Step> {
  const { kind } = useMe();
  const params = { params: { query: { limit: 200 } } };
  const stores = $api.useQuery("get", "/api/v1/stores", params);
  const cameras = $api.useQuery("get", "/api/v1/cameras", params);
  const videos = $api.useQuery("get", "/api/v1/videos", { params: { query: { limit: 1 } } });
  const done = new Set<Step>();
  if (kind === "user") done.add("owner");
  if (stores.data?.items.some(({ created_at, changed_at }) => changed_at !== created_at))
    done.add("store");
  const watched = cameras.data?.items.some(({ address }) => address !== SCENE);
  if (watched || videos.data?.items.length) done.add("camera");
  return done;
}
