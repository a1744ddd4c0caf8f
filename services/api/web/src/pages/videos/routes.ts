import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "@/app/root";
import { spoken } from "@/i18n/language";

const videos = createRoute({
  getParentRoute: () => shellRoute,
  path: "/videos",
  component: lazyRouteComponent(
    spoken(() => import("./Videos"), "videos"),
    "Videos",
  ),
});

const video = createRoute({
  getParentRoute: () => shellRoute,
  path: "/videos/$videoId",
  /** `t`: where the player stands at first, in seconds. */
  validateSearch: ({ t }: Record<string, unknown>): { t?: number } =>
    Number.isFinite(Number(t)) && t !== null && t !== "" ? { t: Number(t) } : {},
  component: lazyRouteComponent(
    spoken(() => import("./Video"), "videos"),
    "Video",
  ),
});

const albums = createRoute({
  getParentRoute: () => shellRoute,
  path: "/albums",
  component: lazyRouteComponent(
    spoken(() => import("./Albums"), "videos"),
    "Albums",
  ),
});

const album = createRoute({
  getParentRoute: () => shellRoute,
  path: "/albums/$albumId",
  component: lazyRouteComponent(
    spoken(() => import("./Album"), "videos"),
    "Album",
  ),
});

export const videoRoutes = [videos, video, albums, album] as const;
