// The two roots of all pages: those for whoever comes, and those within the shell.

import { createRootRoute, createRoute, Outlet, redirect } from "@tanstack/react-router";
import { isProblem } from "@/api/client";
import { queries } from "@/api/queries";
import { ME, SESSION } from "@/api/session";
import { preferredLanguage, speak } from "@/i18n/language";
import { begin } from "@/live/live";
import { Missing } from "./Missing";
import { Shell } from "./Shell";

export const rootRoute = createRootRoute({ component: Outlet, notFoundComponent: Missing });

/** Whoever is not let in goes to the door, and comes back to where they wanted. */
export const shellRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: "shell",
  beforeLoad: async ({ location }) => {
    let mayDoNothing = false;
    try {
      const me = await queries.ensureQueryData(ME);
      await speak(me.kind === "user" ? me.language : preferredLanguage());
      begin();
      mayDoNothing = me.kind === "user" && me.rights.length === 0;
    } catch (error) {
      if (!isProblem(error, 401)) throw error;
      await queries.invalidateQueries({ queryKey: SESSION.queryKey });
      throw redirect({ to: "/sign-in", search: { next: location.href } });
    }
    // Their tenant asks for a second factor first.
    if (mayDoNothing && location.pathname !== "/account") throw redirect({ to: "/account" });
  },
  component: Shell,
});
