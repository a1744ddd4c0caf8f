import { useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useMay } from "@/api/session";
import { buttonClass } from "@/ui/controls";
import { Empty } from "@/ui/layout";

/** Where pictures of cameras would be: what comes here, and the way to the first. */
export function NoCamera({ children }: { children: ReactNode }) {
  const { t } = useLingui();
  const may = useMay("configure");
  return (
    <Empty title={t`No camera yet`}>
      <p>{children}</p>
      {may && (
        <Link to="/cameras" search={{ add: true }} className={buttonClass("primary")}>
          {t`Add a camera`}
        </Link>
      )}
    </Empty>
  );
}
