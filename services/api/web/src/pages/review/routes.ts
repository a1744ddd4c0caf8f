import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "@/app/root";
import { alertSearch, queueSearch } from "./search";

const overview = createRoute({
  getParentRoute: () => shellRoute,
  path: "/",
  component: lazyRouteComponent(() => import("./Overview"), "Overview"),
});

const queue = createRoute({
  getParentRoute: () => shellRoute,
  path: "/review",
  validateSearch: queueSearch,
  component: lazyRouteComponent(() => import("./Queue"), "Queue"),
});

const alerts = createRoute({
  getParentRoute: () => shellRoute,
  path: "/alerts",
  validateSearch: alertSearch,
  component: lazyRouteComponent(() => import("./Alerts"), "Alerts"),
});

const alert = createRoute({
  getParentRoute: () => shellRoute,
  path: "/alerts/$alertId",
  component: lazyRouteComponent(() => import("./Alert"), "Alert"),
});

export const reviewRoutes = [overview, queue, alerts, alert] as const;
