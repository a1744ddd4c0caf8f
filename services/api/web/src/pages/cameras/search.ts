// What of a camera's page stands in its address.

export const CAMERA_TABS = [
  "timeline",
  "areas",
  "policy",
  "calibration",
  "history",
  "settings",
] as const;
export type CameraTab = (typeof CAMERA_TABS)[number];

/** Without `tab` the live picture. `at` is a moment (ISO 8601), `span` seconds of the timeline. */
export type CameraSearch = { tab?: CameraTab; at?: string; span?: number };
