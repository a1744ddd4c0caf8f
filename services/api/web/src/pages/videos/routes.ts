import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "@/app/root";

const videos = createRoute({
  getParentRoute: () => shellRoute,
  path: "/videos",
  component: lazyRouteComponent(() => import("./Videos"), "Videos"),
});

const video = createRoute({
  getParentRoute: () => shellRoute,
  path: "/videos/$videoId",
  /** `t`: where the player stands at first, in seconds. */
  validateSearch: ({ t }: Record<string, unknown>): { t?: number } =>
    Number.isFinite(Number(t)) && t !== null && t !== "" ? { t: Number(t) } : {},
  component: lazyRouteComponent(() => import("./Video"), "Video"),
});

const albums = createRoute({
  getParentRoute: () => shellRoute,
  path: "/albums",
  component: lazyRouteComponent(() => import("./Albums"), "Albums"),
});

const album = createRoute({
  getParentRoute: () => shellRoute,
  path: "/albums/$albumId",
  component: lazyRouteComponent(() => import("./Album"), "Album"),
});

export const videoRoutes = [videos, video, albums, album] as const;
