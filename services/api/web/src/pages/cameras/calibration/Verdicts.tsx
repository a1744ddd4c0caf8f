// The verdicts that count now, and which way each moves the mark.

import { useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import type { ModelCalibrationView } from "@/api/client";
import { useFormat } from "@/i18n/format";
import { Badge, Scroll } from "@/ui/layout";
import css from "./calibration.module.css";

export function Verdicts({ model: { verdicts } }: { model: ModelCalibrationView }) {
  const { t } = useLingui();
  const { moment, score } = useFormat();
  const kinds = {
    true: { word: t`True alarm`, tone: "good", does: t`keeps the mark below it` },
    false: { word: t`False alarm`, tone: "bad", does: t`lifts the mark above it` },
    missed: { word: t`Missed event`, tone: "warn", does: t`lowers the mark to it` },
  } as const;
  return (
    <details className={css.verdicts}>
      <summary>{t`What verdicts did`}</summary>
      <Scroll label={t`What verdicts did`}>
        <table>
          <thead>
            <tr>
              <th>{t`When`}</th>
              <th>{t`Verdict`}</th>
              <th>{t`Peak`}</th>
              <th>{t`Effect`}</th>
              <th />
            </tr>
          </thead>
          <tbody>
            {[...verdicts].reverse().map(({ subject_id, kind, peak, reviewed_at }) => (
              <tr key={subject_id}>
                <td className="numbers">{moment(reviewed_at)}</td>
                <td>
                  <Badge tone={kinds[kind].tone}>{kinds[kind].word}</Badge>
                </td>
                <td className="numbers">{score(peak)}</td>
                <td>{kinds[kind].does}</td>
                <td>
                  {kind !== "missed" && (
                    <Link
                      to="/alerts/$alertId"
                      params={{ alertId: subject_id }}
                    >{t`The alert`}</Link>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </details>
  );
}
