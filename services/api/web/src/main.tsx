import { i18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { queries } from "@/api/queries";
import { router } from "@/app/router";
import { applyTheme } from "@/app/theme";
import { preferredLanguage, speak } from "@/i18n/language";
import { Toasts } from "@/ui/overlays";
import "@/ui/tokens.css";

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
