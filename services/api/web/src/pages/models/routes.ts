import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "@/app/root";
import { spoken } from "@/i18n/language";
import {
  calibrationSearch,
  comparisonSearch,
  detectorSearch,
  letterSearch,
  replaysSearch,
  storeSearch,
} from "./search";

const section = createRoute({
  getParentRoute: () => shellRoute,
  id: "models-section",
  component: lazyRouteComponent(
    spoken(() => import("./Section"), "models"),
    "Section",
  ),
});

const models = createRoute({
  getParentRoute: () => section,
  path: "/models",

  component: lazyRouteComponent(
    spoken(() => import("./detectors/Models"), "models"),
    "Models",
  ),
});

const detector = createRoute({
  getParentRoute: () => section,
  path: "/models/$detector",
  validateSearch: detectorSearch,
  component: lazyRouteComponent(
    spoken(() => import("./detectors/Detector"), "models"),
    "Detector",
  ),
});

const replays = createRoute({
  getParentRoute: () => section,
  path: "/replays",
  validateSearch: replaysSearch,
  component: lazyRouteComponent(
    spoken(() => import("./replays/Replays"), "models"),
    "Replays",
  ),
});

const replay = createRoute({
  getParentRoute: () => section,
  path: "/replays/$run",

  component: lazyRouteComponent(
    spoken(() => import("./replays/Replay"), "models"),
    "Replay",
  ),
});

const comparison = createRoute({
  getParentRoute: () => section,
  path: "/comparison",
  validateSearch: comparisonSearch,
  component: lazyRouteComponent(
    spoken(() => import("./comparison/Comparison"), "models"),
    "Comparison",
  ),
});

const calibration = createRoute({
  getParentRoute: () => section,
  path: "/calibration",
  validateSearch: calibrationSearch,
  component: lazyRouteComponent(
    spoken(() => import("./calibration/Calibration"), "models"),
    "Calibration",
  ),
});

const learning = createRoute({
  getParentRoute: () => section,
  path: "/learning",
  validateSearch: storeSearch,
  component: lazyRouteComponent(
    spoken(() => import("./learning/Learning"), "models"),
    "Learning",
  ),
});

const deadLetters = createRoute({
  getParentRoute: () => section,
  path: "/dead-letters",
  validateSearch: letterSearch,
  component: lazyRouteComponent(
    spoken(() => import("./letters/DeadLetters"), "models"),
    "DeadLetters",
  ),
});

export const modelRoutes = [
  section.addChildren([
    models,
    detector,
    replays,
    replay,
    comparison,
    calibration,
    learning,
    deadLetters,
  ]),
] as const;
