// What roles, rights and periods are called.

import { useLingui } from "@lingui/react/macro";
import type { UserView } from "@/api/client";
import type { Right } from "@/api/session";

export type Role = UserView["role"];
export const ROLES: readonly Role[] = ["viewer", "operator", "manager", "owner"];

export function useRoleNames(): Record<Role, string> {
  const { t } = useLingui();
  return { owner: t`Owner`, manager: t`Manager`, operator: t`Operator`, viewer: t`Viewer` };
}

/** What somebody may do, in a sentence. */
export function useRoleHints(): Record<Role, string> {
  const { t } = useLingui();
  return {
    viewer: t`Sees alerts, live pictures and recordings.`,
    operator: t`Also reviews alerts and uploads videos.`,
    manager: t`Also sets up cameras, policies and channels.`,
    owner: t`Also manages stores and people, and sees the audit log.`,
  };
}

export function useRightNames(): Record<Right, string> {
  const { t } = useLingui();
  return {
    view: t`See`,
    review: t`Review`,
    upload: t`Upload`,
    configure: t`Configure`,
    administer: t`Administer`,
  };
}
