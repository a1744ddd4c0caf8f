// What lies over a page: dialogs, and the question before something goes.

import { Dialog as Base } from "@base-ui/react/dialog";
import { useLingui } from "@lingui/react/macro";
import { type ComponentProps, type ReactNode, useState } from "react";
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
export function Confirm({
  button,
  look = "danger",
  ...asked
}: Asked & { button: ReactNode; look?: ComponentProps<typeof Button>["look"] }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button look={look} onClick={() => setOpen(true)}>
        {button}
      </Button>
      <Question {...asked} open={open} onClose={() => setOpen(false)} />
    </>
  );
}
