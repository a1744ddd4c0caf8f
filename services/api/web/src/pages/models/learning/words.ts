import { useLingui } from "@lingui/react/macro";

/** A label as people say it: those of the shipped heads, and `normal`; others as they were given. */
export function useLabelWord(): (label: string) => string {
  const { t } = useLingui();
  const words: Record<string, string> = {
    fight: t`Fight`,
    fall: t`Fall`,
    theft: t`Theft`,
    normal: t`Nothing happened`,
  };
  return (label) => words[label] ?? label;
}
