// Buttons and form controls.

import { type ComponentProps, type ReactNode, useId } from "react";
import css from "./ui.module.css";

type Look = "plain" | "primary" | "danger" | "quiet";
const LOOKS: Record<Look, string | undefined> = {
  plain: undefined,
  primary: css.primary,
  danger: css.danger,
  quiet: css.quiet,
};

export function joined(...names: (string | undefined | false | null)[]): string {
  return names.filter(Boolean).join(" ");
}

/** The classes of a button, for links that look like one. */
export function buttonClass(look: Look = "plain", more?: string): string {
  return joined(css.button, LOOKS[look], more);
}

export function Button({
  look = "plain",
  busy = false,
  className,
  disabled,
  ...rest
}: ComponentProps<"button"> & { look?: Look; busy?: boolean }) {
  return (
    <button
      type="button"
      className={buttonClass(look, className)}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      {...rest}
    />
  );
}

type FieldProps = {
  label: ReactNode;
  hint?: ReactNode;
  fault?: ReactNode;
};

/** Label, hint and fault around whatever `control` makes of the ids that tie them together. */
export function Field({
  label,
  hint,
  fault,
  control,
}: FieldProps & {
  control: (ids: {
    id: string;
    className: string;
    "aria-describedby": string | undefined;
    "aria-invalid": boolean | undefined;
  }) => ReactNode;
}) {
  const id = useId();
  const note = hint || fault ? `${id}-note` : undefined;
  return (
    <div className={css.field}>
      <label htmlFor={id}>{label}</label>
      {control({
        id,
        className: css.control ?? "",
        "aria-describedby": note,
        "aria-invalid": fault ? true : undefined,
      })}
      {note && (
        <span id={note} className={fault ? css.fault : css.hint} role={fault ? "alert" : undefined}>
          {fault || hint}
        </span>
      )}
    </div>
  );
}

export function TextField({ label, hint, fault, ...rest }: FieldProps & ComponentProps<"input">) {
  return (
    <Field
      label={label}
      hint={hint}
      fault={fault}
      control={(ids) => <input {...ids} {...rest} />}
    />
  );
}

export function SelectField({
  label,
  hint,
  fault,
  ...rest
}: FieldProps & ComponentProps<"select">) {
  return (
    <Field
      label={label}
      hint={hint}
      fault={fault}
      control={(ids) => <select {...ids} {...rest} />}
    />
  );
}

export function CheckField({
  label,
  hint,
  ...rest
}: Omit<FieldProps, "fault"> & ComponentProps<"input">) {
  const id = useId();
  return (
    <div className={css.check}>
      <input id={id} type="checkbox" aria-describedby={hint ? `${id}-note` : undefined} {...rest} />
      <div>
        <label htmlFor={id}>{label}</label>
        {hint && (
          <p id={`${id}-note`} className={css.hint}>
            {hint}
          </p>
        )}
      </div>
    </div>
  );
}
