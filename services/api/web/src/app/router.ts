// All pages. Each room of pages/ lists its own; whatever is not needed at first is loaded on its way.

import { createRouter } from "@tanstack/react-router";
import { cameraRoutes } from "@/pages/cameras/routes";
import { doorRoutes, setupRoutes } from "@/pages/door/routes";
import { modelRoutes } from "@/pages/models/routes";
import { peopleRoutes } from "@/pages/people/routes";
import { reviewRoutes } from "@/pages/review/routes";
import { ruleRoutes } from "@/pages/rules/routes";
import { videoRoutes } from "@/pages/videos/routes";
import { Failed } from "./Failed";
import { Missing } from "./Missing";
import { rootRoute, shellRoute } from "./root";

const tree = rootRoute.addChildren([
  ...doorRoutes,
  shellRoute.addChildren([
    ...reviewRoutes,
    ...cameraRoutes,
    ...videoRoutes,
    ...ruleRoutes,
    ...modelRoutes,
    ...peopleRoutes,
    ...setupRoutes,
  ]),
]);

export const router = createRouter({
  routeTree: tree,
  defaultPreload: "intent",
  defaultErrorComponent: Failed,
  defaultNotFoundComponent: Missing,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
