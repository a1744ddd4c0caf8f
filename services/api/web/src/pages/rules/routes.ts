import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { shellRoute } from "@/app/root";
import { spoken } from "@/i18n/language";
import type { Scope } from "./policies";

const channels = createRoute({
  getParentRoute: () => shellRoute,
  path: "/channels",
  component: lazyRouteComponent(
    spoken(() => import("./Channels"), "rules", "people"),
    "Channels",
  ),
});

const channel = createRoute({
  getParentRoute: () => shellRoute,
  path: "/channels/$targetId",
  component: lazyRouteComponent(
    spoken(() => import("./Channel"), "rules", "people"),
    "Channel",
  ),
});

const SCOPES: readonly unknown[] = ["tenant", "store", "source"] satisfies Scope[];

const policies = createRoute({
  getParentRoute: () => shellRoute,
  path: "/policies",
  validateSearch: ({ scope, id }: Record<string, unknown>): { scope?: Scope; id?: string } => ({
    ...(SCOPES.includes(scope) && { scope: scope as Scope }),
    ...(typeof id === "string" && { id }),
  }),
  component: lazyRouteComponent(
    spoken(() => import("./Policies"), "rules", "people"),
    "Policies",
  ),
});

export const ruleRoutes = [channels, channel, policies] as const;
