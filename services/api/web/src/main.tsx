import { i18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { whenSignedOut } from "@/api/client";
import { queries } from "@/api/queries";
import { ME } from "@/api/session";
import { router } from "@/app/router";
import { applyTheme } from "@/app/theme";
import { preferredLanguage, speak } from "@/i18n/language";
import { end } from "@/live/live";
import { Toasts } from "@/ui/toasts";
import "@/ui/tokens.css";

/** Whoever was signed in and is no more, here or elsewhere, goes to the door and may come back. */
let isLeaving = false;
whenSignedOut(() => {
  if (isLeaving || queries.getQueryData(ME.queryKey) === undefined) return;
  isLeaving = true;
  end();
  void router
    .navigate({ to: "/sign-in", search: { next: router.state.location.href } })
    .finally(() => {
      queries.clear();
      isLeaving = false;
    });
});

applyTheme();
await speak(preferredLanguage());
const place = document.getElementById("app");
if (place)
  createRoot(place).render(
    <StrictMode>
      <I18nProvider i18n={i18n}>
        <QueryClientProvider client={queries}>
          <Toasts>
            <RouterProvider router={router} />
          </Toasts>
        </QueryClientProvider>
      </I18nProvider>
    </StrictMode>,
  );
