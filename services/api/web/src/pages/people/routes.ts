import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "@/app/root";
import { auditSearch } from "./search";

const section = createRoute({
  getParentRoute: () => shellRoute,
  id: "people-section",
  component: lazyRouteComponent(() => import("./Section"), "Section"),
});

const people = createRoute({
  getParentRoute: () => section,
  path: "/people",
  component: lazyRouteComponent(() => import("./People"), "People"),
});

const stores = createRoute({
  getParentRoute: () => section,
  path: "/stores",
  component: lazyRouteComponent(() => import("./Stores"), "Stores"),
});

const keys = createRoute({
  getParentRoute: () => section,
  path: "/keys",
  component: lazyRouteComponent(() => import("./Keys"), "Keys"),
});

const account = createRoute({
  getParentRoute: () => section,
  path: "/account",
  component: lazyRouteComponent(() => import("./account/Account"), "Account"),
});

const audit = createRoute({
  getParentRoute: () => section,
  path: "/audit",
  validateSearch: auditSearch,
  component: lazyRouteComponent(() => import("./Audit"), "Audit"),
});

const settings = createRoute({
  getParentRoute: () => section,
  path: "/settings",
  component: lazyRouteComponent(() => import("./settings/Settings"), "Settings"),
});

export const peopleRoutes = [
  section.addChildren([people, stores, keys, account, audit, settings]),
] as const;
