import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "@/app/root";
import { spoken } from "@/i18n/language";
import { alertSearch, queueSearch } from "./search";

const overview = createRoute({
  getParentRoute: () => shellRoute,
  path: "/",
  component: lazyRouteComponent(
    spoken(() => import("./Overview"), "review"),
    "Overview",
  ),
});

const queue = createRoute({
  getParentRoute: () => shellRoute,
  path: "/review",
  validateSearch: queueSearch,
  component: lazyRouteComponent(
    spoken(() => import("./Queue"), "review"),
    "Queue",
  ),
});

const alerts = createRoute({
  getParentRoute: () => shellRoute,
  path: "/alerts",
  validateSearch: alertSearch,
  component: lazyRouteComponent(
    spoken(() => import("./Alerts"), "review"),
    "Alerts",
  ),
});

const alert = createRoute({
  getParentRoute: () => shellRoute,
  path: "/alerts/$alertId",
  component: lazyRouteComponent(
    spoken(() => import("./Alert"), "review"),
    "Alert",
  ),
});

export const reviewRoutes = [overview, queue, alerts, alert] as const;
