// Web Push of this browser: permission is asked for when somebody wants it, and not before.

import { client, type PushSubscription as Subscribed } from "@/api/client";

export class PushRefused extends Error {}

export function canPush(): boolean {
  return "serviceWorker" in navigator && "PushManager" in window && window.isSecureContext;
}

/** Raises PushRefused where the person or the browser does not allow it, Problem. */
export async function subscribe(refusal: string): Promise<Subscribed> {
  if ((await Notification.requestPermission()) !== "granted") throw new PushRefused(refusal);
  const { data } = await client.GET("/api/v1/webpush/key");
  await navigator.serviceWorker.register("/push.js");
  const { pushManager } = await navigator.serviceWorker.ready;
  const options = { userVisibleOnly: true, applicationServerKey: data?.key ?? "" };
  try {
    const subscription = await pushManager.subscribe(options);
    return subscription.toJSON() as Subscribed;
  } catch (error) {
    throw new PushRefused(error instanceof Error ? error.message : refusal);
  }
}
