// What lies over a page: dialogs, the question before something goes, notes that may be undone.

import { Dialog as Base } from "@base-ui/react/dialog";
import { Toast } from "@base-ui/react/toast";
import { useLingui } from "@lingui/react/macro";
import { type ReactNode, useState } from "react";
import { Button } from "./controls";
import { sentence } from "./layout";
import css from "./ui.module.css";

export function Dialog({
  title,
  open,
  onClose,
  children,
}: {
  title: string;
  open: boolean;
  onClose: () => void;
  children: ReactNode;
}) {
  return (
    <Base.Root open={open} onOpenChange={(wanted) => wanted || onClose()}>
      <Base.Portal>
        <Base.Backdrop className={css.backdrop} />
        <Base.Popup className={css.dialog}>
          <Base.Title>{title}</Base.Title>
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

/** A button that asks once, naming what goes, before it does. `act` may fail: then it says so. */
export function Confirm({
  button,
  title,
  act,
  verb,
  children,
}: {
  button: ReactNode;
  title: string;
  verb: string;
  act: () => Promise<unknown>;
  children: ReactNode;
}) {
  const { t } = useLingui();
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState("");
  const go = async () => {
    setBusy(true);
    try {
      await act();
      setOpen(false);
    } catch (error) {
      setFault(sentence(error, t`Nightclerk cannot be reached. Is it running?`));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button look="danger" onClick={() => setOpen(true)}>
        {button}
      </Button>
      <Dialog title={title} open={open} onClose={() => setOpen(false)}>
        <div>{children}</div>
        {fault && (
          <p className={css.fault} role="alert">
            {fault}
          </p>
        )}
        <div className={css.actions}>
          <Button onClick={() => setOpen(false)}>{t`Cancel`}</Button>
          <Button look="danger" busy={busy} onClick={go}>
            {verb}
          </Button>
        </div>
      </Dialog>
    </>
  );
}

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
