// A page on which files may be dropped anywhere. A button has to do the same.

import { type DragEvent, type ReactNode, useState } from "react";
import css from "./ui.module.css";

/** Without `take` it is an ordinary page. `invite` is shown while files hover over it. */
export function DropPlace({
  take,
  invite,
  children,
}: {
  take: ((files: Iterable<File>) => void) | undefined;
  invite: string;
  children: ReactNode;
}) {
  const [isOver, setOver] = useState(false);
  const over = (event: DragEvent) => {
    if (!take || !event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    setOver(true);
  };
  const drop = (event: DragEvent) => {
    if (!take) return;
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files);
  };
  const leave = (event: DragEvent) => {
    if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a button does the same
    <div className={css.drop} onDragOver={over} onDragLeave={leave} onDrop={drop}>
      {children}
      {isOver && <div className={css.veil}>{invite}</div>}
    </div>
  );
}
