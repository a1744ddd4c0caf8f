// The pages on people, stores and access.

import { useLingui } from "@lingui/react/macro";
import { useMe } from "@/api/session";
import { Section as Pages } from "@/ui/tabs";

export function Section() {
  const { t } = useLingui();
  const { rights, kind } = useMe();
  const administers = rights.includes("administer");
  const isPerson = kind === "user";
  return (
    <Pages
      title={administers ? t`People and stores` : t`Your account`}
      label={t`People and stores`}
      parts={[
        { to: "/people", label: t`People`, may: administers },
        { to: "/stores", label: t`Stores`, may: rights.includes("view") },
        { to: "/keys", label: t`API keys`, may: administers || isPerson },
        { to: "/account", label: t`Your account`, may: isPerson },
        { to: "/audit", label: t`Audit log`, may: administers },
        { to: "/settings", label: t`Settings`, may: administers },
      ]}
    />
  );
}
