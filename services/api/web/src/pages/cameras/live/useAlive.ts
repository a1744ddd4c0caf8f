import { useRef } from "react";
import type { CameraView } from "@/api/client";
import { refresh } from "@/api/queries";

const AGAIN_MS = 3_000;

/** To be called with each picture: asks how cameras are until this one is known to be online, of
 * which no event tells. */
export function useAlive(state: CameraView["state"]): () => void {
  const askedAt = useRef(0);
  return () => {
    const now = Date.now();
    if (state === "online" || now - askedAt.current < AGAIN_MS) return;
    askedAt.current = now;
    void refresh("/api/v1/cameras");
  };
}
