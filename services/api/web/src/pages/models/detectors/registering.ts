// Zips of detectors on their way to the registry.

import { useLingui } from "@lingui/react/macro";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { IN_ENGLISH, problemOf } from "@/api/client";
import { refresh } from "@/api/queries";
import { sentence } from "@/ui/layout";
import { notify, notifyFault } from "@/ui/toasts";
import { type Detector, MODELS } from "../reading";
import { titled } from "../words";

/** One after the other; a single one is shown once it is in. */
export function useRegistering(): { busy: boolean; take: (files: Iterable<File>) => void } {
  const { t } = useLingui();
  const navigate = useNavigate();
  const [busy, setBusy] = useState(false);
  const register = async (file: File): Promise<Detector | null> => {
    try {
      const model = await send(file);
      const name = titled(model);
      notify(t`${name} is registered.`);
      return model;
    } catch (error) {
      const why = sentence(error, t`Nightclerk cannot be reached. Is it running?`);
      notifyFault(`${file.name}: ${why}`);
      return null;
    }
  };
  const take = async (files: Iterable<File>) => {
    const given = [...files];
    if (!given.length) return;
    setBusy(true);
    const taken: (Detector | null)[] = [];
    for (const file of given) taken.push(await register(file));
    setBusy(false);
    await refresh(...MODELS);
    const [only] = taken;
    if (taken.length === 1 && only)
      await navigate({ to: "/models/$detector", params: { detector: only.detector } });
  };
  return { busy, take: (files) => void take(files) };
}

/** Raises Problem; anything else where the API is not reached. */
async function send(file: File): Promise<Detector> {
  const body = new FormData();
  body.append("file", file);
  const response = await fetch("/api/v1/models", { method: "POST", headers: IN_ENGLISH, body });
  if (!response.ok) throw await problemOf(response);
  return response.json();
}
