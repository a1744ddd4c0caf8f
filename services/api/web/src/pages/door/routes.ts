import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { rootRoute } from "@/app/root";

const signIn = createRoute({
  getParentRoute: () => rootRoute,
  path: "/sign-in",
  validateSearch: ({ next }: Record<string, unknown>): { next?: string } =>
    isOurs(next) ? { next } : {},
  component: lazyRouteComponent(() => import("./SignIn"), "SignIn"),
});

export const doorRoutes = [signIn] as const;

/** Only paths of this page: nobody is sent elsewhere by a link to the door. */
function isOurs(next: unknown): next is string {
  return typeof next === "string" && /^\/(?![/\\])/.test(next);
}
