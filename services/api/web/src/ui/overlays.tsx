// What lies over a page: dialogs, the question before something goes, notes that may be undone.

import { Dialog as Base } from "@base-ui/react/dialog";
import { Toast } from "@base-ui/react/toast";
import { useLingui } from "@lingui/react/macro";
import { type ReactNode, useState } from "react";
import { FaultLine, useAct } from "./act";
import { Button } from "./controls";
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

type Asked = {
  title: string;
  verb: string;
  act: () => Promise<unknown>;
  children: ReactNode;
};

/** Asks once, naming what goes, before it does. `act` may fail: then it says so. */
export function Question({
  title,
  verb,
  act,
  children,
  open,
  onClose,
}: Asked & { open: boolean; onClose: () => void }) {
  const { t } = useLingui();
  const { busy, fault, run } = useAct();
  const go = () =>
    run(async () => {
      await act();
      onClose();
    });
  return (
    <Dialog title={title} open={open} onClose={onClose}>
      <div>{children}</div>
      <FaultLine text={fault} />
      <div className={css.actions}>
        <Button onClick={onClose}>{t`Cancel`}</Button>
        <Button look="danger" busy={busy} onClick={go}>
          {verb}
        </Button>
      </div>
    </Dialog>
  );
}

/** A button with its Question. */
export function Confirm({ button, ...asked }: Asked & { button: ReactNode }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button look="danger" onClick={() => setOpen(true)}>
        {button}
      </Button>
      <Question {...asked} open={open} onClose={() => setOpen(false)} />
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
