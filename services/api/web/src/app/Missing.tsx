import { useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { buttonClass } from "@/ui/controls";
import { Empty } from "@/ui/layout";

export function Missing() {
  const { t } = useLingui();
  return (
    <Empty title={t`There is no such page`}>
      <Link to="/" className={buttonClass("primary")}>{t`To the overview`}</Link>
    </Empty>
  );
}
