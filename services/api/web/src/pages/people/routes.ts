import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "@/app/root";
import { spoken } from "@/i18n/language";
import { auditSearch, settingsSearch } from "./search";

const section = createRoute({
  getParentRoute: () => shellRoute,
  id: "people-section",
  component: lazyRouteComponent(
    spoken(() => import("./Section"), "people", "door"),
    "Section",
  ),
});

const people = createRoute({
  getParentRoute: () => section,
  path: "/people",
  component: lazyRouteComponent(
    spoken(() => import("./People"), "people", "door"),
    "People",
  ),
});

const stores = createRoute({
  getParentRoute: () => section,
  path: "/stores",
  component: lazyRouteComponent(
    spoken(() => import("./Stores"), "people", "door"),
    "Stores",
  ),
});

const keys = createRoute({
  getParentRoute: () => section,
  path: "/keys",
  component: lazyRouteComponent(
    spoken(() => import("./Keys"), "people", "door"),
    "Keys",
  ),
});

const account = createRoute({
  getParentRoute: () => section,
  path: "/account",
  component: lazyRouteComponent(
    spoken(() => import("./account/Account"), "people", "door"),
    "Account",
  ),
});

const audit = createRoute({
  getParentRoute: () => section,
  path: "/audit",
  validateSearch: auditSearch,
  component: lazyRouteComponent(
    spoken(() => import("./Audit"), "people", "door"),
    "Audit",
  ),
});

const settings = createRoute({
  getParentRoute: () => section,
  path: "/settings",
  validateSearch: settingsSearch,
  component: lazyRouteComponent(
    spoken(() => import("./settings/Settings"), "people", "door"),
    "Settings",
  ),
});

export const peopleRoutes = [
  section.addChildren([people, stores, keys, account, audit, settings]),
] as const;
