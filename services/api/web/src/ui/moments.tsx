// Fields for a moment. They show the browser's own clock; what they give is UTC.

import { type ComponentProps, useState } from "react";
import { TextField } from "./controls";

/** Takes effect once it is whole, and not for each key: as one leaves it, or enters it. */
export function MomentField({
  value,
  pick,
  ...rest
}: Omit<ComponentProps<typeof TextField>, "value"> & {
  value: string | undefined;
  pick: (moment: string | undefined) => void;
}) {
  const shown = value ? localInput(new Date(value)) : "";
  const [typed, setTyped] = useState(shown);
  const [before, setBefore] = useState(shown);
  if (before !== shown) {
    setBefore(shown);
    setTyped(shown);
  }
  const take = () => {
    if (typed !== shown) pick(typed ? new Date(typed).toISOString() : undefined);
  };
  return (
    <TextField
      type="datetime-local"
      value={typed}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={take}
      onKeyDown={(event) => event.key === "Enter" && take()}
      {...rest}
    />
  );
}

/** The wall clock of the browser, as inputs want it. */
export function localInput(when: Date): string {
  return new Date(when.getTime() - when.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
