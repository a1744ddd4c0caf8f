// What is in force for a camera, and what other marks would have raised last week.

import { useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import type { CameraView, EffectivePolicyView, RuleInForce } from "@/api/client";
import { useMay } from "@/api/session";
import { useFormat } from "@/i18n/format";
import { said } from "@/i18n/said";
import { buttonClass } from "@/ui/controls";
import { Badge, Loaded, Panel, Scroll } from "@/ui/layout";
import css from "./cameras.module.css";
import { PolicyPreview } from "./PolicyPreview";
import { usePolicy } from "./reading";
import { SnoozePanel } from "./SnoozePanel";

type Origin = RuleInForce["origin"];

export default function PolicyPanel({ camera }: { camera: CameraView }) {
  const query = usePolicy(camera.source_id);
  const mayConfigure = useMay("configure");
  return (
    <Loaded query={query}>
      {(policy) => (
        <div className={css.columns}>
          <div className={css.stack}>
            <Rules policy={policy} sourceId={camera.source_id} />
            {mayConfigure && policy.rules.length > 0 && (
              <PolicyPreview camera={camera} rules={policy.rules.map(({ rule }) => rule)} />
            )}
          </div>
          <SnoozePanel camera={camera} />
        </div>
      )}
    </Loaded>
  );
}

function Rules({ policy, sourceId }: { policy: EffectivePolicyView; sourceId: string }) {
  const { t } = useLingui();
  const { score, duration } = useFormat();
  const origins = useOrigins();
  const rows = [
    ...policy.rules.map(({ rule, origin, muted_by }) => {
      const [high, k, n] = [score(rule.high), rule.k, rule.n];
      return { rule, origin, muted_by, when: t`${k} of ${n} windows at ${high} or above` };
    }),
    ...policy.presence.map(({ rule, origin, muted_by }) => {
      const long = duration(rule.longer_than_s);
      const zone = rule.zone ?? t`anywhere`;
      return { rule, origin, muted_by, when: t`somebody for ${long} · ${zone}` };
    }),
  ];
  return (
    <Panel className={css.panel}>
      <div className={css.line}>
        <h2 className={css.fill}>{t`Rules in force`}</h2>
        <Link
          to="/policies"
          search={{ scope: "source", id: sourceId }}
          className={buttonClass()}
        >{t`Change the policy`}</Link>
      </div>
      {policy.faults.map((fault) => (
        <p key={fault} role="alert">
          <Badge tone="warn">{fault}</Badge>
        </p>
      ))}
      {rows.length === 0 ? (
        <p className="dim">{t`No rule is in force: the detector in use tells of none yet.`}</p>
      ) : (
        <Scroll label={t`Rules in force`}>
          <table>
            <thead>
              <tr>
                <th>{t`Rule`}</th>
                <th>{t`Alert when`}</th>
                <th>{t`Comes from`}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map(({ rule, origin, muted_by, when }) => (
                <tr key={rule.name}>
                  <td>
                    {said(rule.label) || rule.name} {muted_by && <Badge>{t`Muted`}</Badge>}
                  </td>
                  <td className="numbers">{when}</td>
                  <td>{origins[origin]}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
      {!policy.is_announced && (
        <p className="dim">{t`The latest change takes effect within seconds.`}</p>
      )}
    </Panel>
  );
}

function useOrigins(): Record<Origin, string> {
  const { t, i18n } = useLingui();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the words change with the language alone
  return useMemo(
    () => ({
      default: t`The model`,
      tenant: t`Chain`,
      store: t`Store`,
      source: t`This camera`,
    }),
    [i18n.locale],
  );
}
