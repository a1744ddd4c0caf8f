// An incident is claimed while somebody is at it, so that two people never work at one.

import { useEffect, useState } from "react";
import { client, isProblem } from "@/api/client";

const LASTS_MIN = 5;
const RENEWED_MS = 2 * 60_000;

/** Claims it as long as it is shown. What the API says where another person has it, else null. */
export function useClaim(incidentId: string, may: boolean): string | null {
  const [taken, setTaken] = useState<{ incidentId: string; fault: string | null } | null>(null);
  useEffect(() => {
    if (!may) return;
    let isLeft = false;
    const params = { path: { incident_id: incidentId } };
    const tell = (fault: string | null) => isLeft || setTaken({ incidentId, fault });
    const claim = () =>
      client
        .PUT("/api/v1/review-queue/{incident_id}/claim", { params, body: { minutes: LASTS_MIN } })
        .then(() => tell(null))
        .catch((error) => isProblem(error, 409) && tell(error.message));
    const first = claim();
    const timer = setInterval(claim, RENEWED_MS);
    // Whoever closes the tab is not at it any more; such a request outlives its page.
    const close = () =>
      void fetch(`/api/v1/review-queue/${incidentId}/claim`, { method: "DELETE", keepalive: true });
    const reopen = (event: PageTransitionEvent) => event.persisted && void claim();
    window.addEventListener("pagehide", close);
    window.addEventListener("pageshow", reopen);
    return () => {
      isLeft = true;
      clearInterval(timer);
      window.removeEventListener("pagehide", close);
      window.removeEventListener("pageshow", reopen);
      void first
        .then(() => client.DELETE("/api/v1/review-queue/{incident_id}/claim", { params }))
        .catch(() => undefined);
    };
  }, [incidentId, may]);
  return taken?.incidentId === incidentId ? taken.fault : null;
}
