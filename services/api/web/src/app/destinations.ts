// Where one may go from anywhere, by what one may do.

import { useLingui } from "@lingui/react/macro";
import { type Right, useMe } from "@/api/session";
import type { IconName } from "./icons";

const SECTION = ["/people", "/stores", "/keys", "/account", "/audit", "/settings"];
const OF_MODELS = ["/replays", "/comparison", "/calibration", "/learning", "/dead-letters"];

export type Destination = {
  to:
    | "/"
    | "/wall"
    | "/cameras"
    | "/timeline"
    | "/videos"
    | "/albums"
    | "/channels"
    | "/policies"
    | "/models"
    | "/review"
    | "/alerts"
    | "/people"
    | "/account";
  label: string;
  icon: IconName;
  right: Right;
  exact?: boolean;
  /** Other pages of the same section, and what lies below them. */
  within?: readonly string[];
};

export function useDestinations(): Destination[] {
  const { t } = useLingui();
  const { rights } = useMe();
  const administers = rights.includes("administer");
  const all: Destination[] = [
    { to: "/", label: t`Overview`, icon: "home", right: "view", exact: true },
    { to: "/review", label: t`Review`, icon: "check", right: "view" },
    { to: "/alerts", label: t`Alerts`, icon: "bell", right: "view" },
    { to: "/wall", label: t`Live wall`, icon: "grid", right: "view" },
    { to: "/cameras", label: t`Cameras`, icon: "camera", right: "view" },
    { to: "/timeline", label: t`Timeline`, icon: "bars", right: "view" },
    { to: "/videos", label: t`Uploads`, icon: "film", right: "view" },
    { to: "/albums", label: t`Albums`, icon: "album", right: "view" },
    { to: "/channels", label: t`Channels`, icon: "send", right: "configure" },
    { to: "/policies", label: t`Policies`, icon: "sliders", right: "configure" },
    { to: "/models", label: t`Models`, icon: "model", right: "view", within: OF_MODELS },
    administers
      ? { to: "/people", label: t`People`, icon: "people", right: "administer", within: SECTION }
      : { to: "/account", label: t`Your account`, icon: "people", right: "view", within: SECTION },
  ];
  return all.filter(({ right }) => rights.includes(right));
}
