// The pages on models and their results.

import { useLingui } from "@lingui/react/macro";
import { useMay } from "@/api/session";
import { Section as Pages } from "@/ui/tabs";

export function Section() {
  const { t } = useLingui();
  const may = useMay("administer");
  return (
    <Pages
      title={t`Models`}
      wide
      parts={[
        { to: "/models", label: t`Models`, may: true },
        { to: "/replays", label: t`Replays`, may: true },
        { to: "/comparison", label: t`Comparison`, may: true },
        { to: "/calibration", label: t`Calibration`, may: true },
        { to: "/learning", label: t`Learning`, may: true },
        { to: "/dead-letters", label: t`Dead letters`, may },
      ]}
    />
  );
}
