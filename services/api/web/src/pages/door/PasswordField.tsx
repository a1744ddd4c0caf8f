import { useLingui } from "@lingui/react/macro";
import { TextField } from "@/ui/controls";

export const SHORTEST_PASSWORD = 10;

/** A password that is chosen anew. */
export function NewPasswordField({ label }: { label?: string }) {
  const { t } = useLingui();
  return (
    <TextField
      label={label ?? t`Password`}
      hint={t`At least ${SHORTEST_PASSWORD} characters; several words are easy to keep in mind.`}
      name="password"
      type="password"
      autoComplete="new-password"
      minLength={SHORTEST_PASSWORD}
      maxLength={256}
      required
    />
  );
}

/** What a field of the form holds. */
export function text(form: FormData, name: string): string {
  return String(form.get(name) ?? "");
}
