import { useLingui } from "@lingui/react/macro";
import type { DeadLetterView } from "@/api/client";
import type { Tone } from "@/ui/layout";
import type { LetterState } from "../search";

export const TONES: Record<DeadLetterView["state"], Tone> = {
  open: "warn",
  replayed: "good",
  dropped: "plain",
};

export function useLetterStates(): Record<LetterState, string> {
  const { t } = useLingui();
  return { open: t`Waiting`, replayed: t`Replayed`, dropped: t`Dropped` };
}
