import { useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { buttonClass } from "@/ui/controls";
import { Empty, Page } from "@/ui/layout";

export function Missing() {
  const { t } = useLingui();
  return (
    <Page title={t`There is no such page`}>
      <Empty title={t`Nothing is at this address`}>
        <p>{t`Perhaps it was moved, or the address is not complete.`}</p>
        <Link to="/" className={buttonClass("primary")}>{t`To the overview`}</Link>
      </Empty>
    </Page>
  );
}
