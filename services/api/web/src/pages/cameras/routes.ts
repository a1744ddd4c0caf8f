import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "@/app/root";
import { spoken } from "@/i18n/language";
import { CAMERA_TABS, type CameraSearch } from "./search";
import { LAYOUTS, type Layout } from "./wall/layouts";

const text = (value: unknown): string | undefined =>
  typeof value === "string" && value ? value : undefined;
const positive = (value: unknown): number | undefined =>
  typeof value === "number" && value > 0 ? value : undefined;
const member = <T>(value: unknown, all: readonly T[]): T | undefined =>
  all.find((each) => each === value);

const cameras = createRoute({
  getParentRoute: () => shellRoute,
  path: "/cameras",
  validateSearch: (search: Record<string, unknown>): { store?: string; add?: true } => ({
    store: text(search.store),
    add: search.add === true ? true : undefined,
  }),
  component: lazyRouteComponent(
    spoken(() => import("./Cameras"), "cameras"),
    "Cameras",
  ),
});

const camera = createRoute({
  getParentRoute: () => shellRoute,
  path: "/cameras/$sourceId",
  validateSearch: (search: Record<string, unknown>): CameraSearch => ({
    tab: member(search.tab, CAMERA_TABS),
    at: text(search.at),
    span: positive(search.span),
  }),
  component: lazyRouteComponent(
    spoken(() => import("./Camera"), "cameras"),
    "Camera",
  ),
});

const wall = createRoute({
  getParentRoute: () => shellRoute,
  path: "/wall",
  validateSearch: (
    search: Record<string, unknown>,
  ): { layout?: Layout; page?: number; store?: string } => ({
    layout: member(search.layout, LAYOUTS),
    page: positive(search.page),
    store: text(search.store),
  }),
  component: lazyRouteComponent(
    spoken(() => import("./wall/Wall"), "cameras"),
    "Wall",
  ),
});

const webcam = createRoute({
  getParentRoute: () => shellRoute,
  path: "/webcam",
  validateSearch: (search: Record<string, unknown>): { source?: string } => ({
    source: text(search.source),
  }),
  component: lazyRouteComponent(
    spoken(() => import("./Webcam"), "cameras"),
    "Webcam",
  ),
});

const link = createRoute({
  getParentRoute: () => shellRoute,
  path: "/link",
  validateSearch: (search: Record<string, unknown>): { source?: string } => ({
    source: text(search.source),
  }),
  component: lazyRouteComponent(
    spoken(() => import("./Link"), "cameras"),
    "LinkPage",
  ),
});

const timeline = createRoute({
  getParentRoute: () => shellRoute,
  path: "/timeline",
  validateSearch: (
    search: Record<string, unknown>,
  ): { store?: string; at?: string; span?: number; camera?: string } => ({
    store: text(search.store),
    at: text(search.at),
    span: positive(search.span),
    camera: text(search.camera),
  }),
  component: lazyRouteComponent(
    spoken(() => import("./Timeline"), "cameras"),
    "Timeline",
  ),
});

export const cameraRoutes = [cameras, camera, wall, webcam, link, timeline] as const;
