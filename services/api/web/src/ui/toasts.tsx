// Notes that go by themselves, and may be undone.

import { Toast } from "@base-ui/react/toast";
import { useLingui } from "@lingui/react/macro";
import type { ReactNode } from "react";
import css from "./ui.module.css";

const toasts = Toast.createToastManager();
const STAYS_MS = 8_000;

/** A note that goes by itself; `undo` gives it a button. */
export function notify(text: string, undo?: { label: string; act: () => void }): void {
  const id = toasts.add({
    description: text,
    timeout: STAYS_MS,
    ...(undo && {
      actionProps: {
        children: undo.label,
        onClick: () => {
          toasts.close(id);
          undo.act();
        },
      },
    }),
  });
}

export function notifyFault(text: string): void {
  toasts.add({ description: text, type: "error", priority: "high", timeout: STAYS_MS * 2 });
}

export function Toasts({ children }: { children: ReactNode }) {
  return (
    <Toast.Provider toastManager={toasts}>
      {children}
      <Toast.Portal>
        <Toast.Viewport className={css.toasts}>
          <ToastList />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

function ToastList() {
  const { t } = useLingui();
  return Toast.useToastManager().toasts.map((toast) => (
    <Toast.Root key={toast.id} toast={toast} className={css.toast}>
      <Toast.Description />
      {toast.actionProps && <Toast.Action className={css.button} />}
      <Toast.Close className={`${css.button} ${css.quiet}`} aria-label={t`Close`}>
        ×
      </Toast.Close>
    </Toast.Root>
  ));
}
