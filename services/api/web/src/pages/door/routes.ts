import { createRoute, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { queries } from "@/api/queries";
import { SESSION } from "@/api/session";
import { rootRoute, shellRoute } from "@/app/root";
import { spoken } from "@/i18n/language";
import { STEPS, type Step } from "./steps/steps";

const signIn = createRoute({
  getParentRoute: () => rootRoute,
  path: "/sign-in",
  validateSearch: ({ next }: Record<string, unknown>): { next?: string } =>
    isOurs(next) ? { next } : {},
  beforeLoad: async ({ search }) => {
    const session = await queries.fetchQuery({ ...SESSION, staleTime: 0 }).catch(() => null);
    if (session?.open) throw redirect({ href: search.next ?? "/" });
  },
  component: lazyRouteComponent(
    spoken(() => import("./SignIn"), "door", "people"),
    "SignIn",
  ),
});

const signUp = createRoute({
  getParentRoute: () => rootRoute,
  path: "/setup/$ticket",
  component: lazyRouteComponent(
    spoken(() => import("./SignUp"), "door", "people"),
    "SignUp",
  ),
});

const invitation = createRoute({
  getParentRoute: () => rootRoute,
  path: "/invitation/$ticket",
  component: lazyRouteComponent(
    spoken(() => import("./Invitation"), "door", "people"),
    "Invitation",
  ),
});

const forgotten = createRoute({
  getParentRoute: () => rootRoute,
  path: "/reset/forgotten",
  component: lazyRouteComponent(
    spoken(() => import("./Forgotten"), "door", "people"),
    "Forgotten",
  ),
});

const reset = createRoute({
  getParentRoute: () => rootRoute,
  path: "/reset/$ticket",
  component: lazyRouteComponent(
    spoken(() => import("./Reset"), "door", "people"),
    "Reset",
  ),
});

const firstSteps = createRoute({
  getParentRoute: () => shellRoute,
  path: "/setup",
  validateSearch: ({ step }: Record<string, unknown>): { step?: Step } => {
    const found = STEPS.find((name) => name === step);
    return found ? { step: found } : {};
  },
  component: lazyRouteComponent(
    spoken(() => import("./FirstSteps"), "door", "people"),
    "FirstSteps",
  ),
});

export const doorRoutes = [signIn, signUp, invitation, forgotten, reset] as const;
/** Within the shell. */
export const setupRoutes = [firstSteps] as const;

/** Only paths of this page: nobody is sent elsewhere by a link to the door. */
function isOurs(next: unknown): next is string {
  return typeof next === "string" && /^\/(?![/\\])/.test(next);
}
