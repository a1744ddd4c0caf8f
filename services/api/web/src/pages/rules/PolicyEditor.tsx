// The rules of one scope: inherited and different here; changed as a draft, tried, saved.

import { useLingui } from "@lingui/react/macro";
import { useState } from "react";
import { $api, type Policy } from "@/api/client";
import { refresh } from "@/api/queries";
import { useMay } from "@/api/session";
import { Button } from "@/ui/controls";
import { Empty, Panel, sentence } from "@/ui/layout";
import { notify, notifyFault } from "@/ui/toasts";
import ui from "@/ui/ui.module.css";
import { Preview } from "./Preview";
import { type Entry, listed, NEW_PRESENCE, type Scope, withRule } from "./policies";
import { RuleForm } from "./RuleForm";
import { RuleRow } from "./RuleRow";
import { POLICIES, type Seen, save } from "./reading";
import css from "./rules.module.css";

type Props = {
  seen: Seen;
  scope: Scope;
  /** The cameras it concerns; the first tells what is inherited. */
  sourceIds: string[];
  isFixed?: boolean;
};

export function PolicyEditor({ seen, scope, sourceIds, isFixed = false }: Props) {
  const { t } = useLingui();
  const { view } = seen;
  const mayChange = useMay("configure") && !isFixed;
  const [draft, setDraft] = useState<Policy>(view.policy);
  const [edited, setEdited] = useState<Entry | null>(null);
  const [isTried, setTried] = useState(false);
  const sample = sourceIds[0];
  const { data: effective } = $api.useQuery(
    "get",
    "/api/v1/sources/{source_id}/policy",
    { params: { path: { source_id: sample ?? "" } } },
    { enabled: sample !== undefined },
  );
  const rows = listed(draft, scope, effective);
  const isChanged = JSON.stringify(draft) !== JSON.stringify(view.policy);
  const change = (policy: Policy) => {
    setDraft(policy);
    setTried(false);
  };
  return (
    <>
      {scope === "source" &&
        effective?.faults.map((fault) => (
          <Panel key={fault}>
            <p>{fault}</p>
          </Panel>
        ))}
      {rows.length === 0 ? (
        <Empty title={t`No rule is known yet`}>
          <p>{t`Rules come with the models, once the first camera is watched.`}</p>
        </Empty>
      ) : (
        <ul className={ui.rows}>
          {rows.map((row) => (
            <RuleRow
              key={`${row.kind}/${row.rule.name}`}
              row={row}
              draft={draft}
              change={mayChange ? change : undefined}
              edit={() => setEdited(row)}
            />
          ))}
        </ul>
      )}
      {mayChange && (
        <div>
          <Button onClick={() => setEdited({ kind: "presence", rule: NEW_PRESENCE })}>
            {t`Add a rule on presence`}
          </Button>
        </div>
      )}
      {isTried && <Preview policy={draft} scope={scope} sourceIds={sourceIds} />}
      {isChanged && (
        <Saving
          scope={scope}
          seen={seen}
          draft={draft}
          canTry={sourceIds.length > 0}
          tryIt={() => setTried(true)}
          discard={() => change(view.policy)}
          saved={setDraft}
        />
      )}
      {edited && (
        <RuleForm
          entry={edited}
          effective={effective}
          close={() => setEdited(null)}
          done={(entry) => {
            change(withRule(draft, entry));
            setEdited(null);
          }}
        />
      )}
    </>
  );
}

function Saving({
  scope,
  seen,
  draft,
  canTry,
  tryIt,
  discard,
  saved,
}: {
  scope: Scope;
  seen: Seen;
  draft: Policy;
  canTry: boolean;
  tryIt: () => void;
  discard: () => void;
  saved: (policy: Policy) => void;
}) {
  const { t } = useLingui();
  const [busy, setBusy] = useState(false);
  const keep = async () => {
    setBusy(true);
    try {
      const { view } = await save(scope, seen.view.scope_id, draft, seen.tag);
      await refresh(POLICIES, "/api/v1/sources/{source_id}/policy");
      saved(view.policy);
      notify(t`Saved: in force within seconds`);
    } catch (error) {
      notifyFault(sentence(error, t`Nightclerk cannot be reached. Is it running?`));
    } finally {
      setBusy(false);
    }
  };
  return (
    <section className={css.saving} aria-label={t`Changes`}>
      <span>{t`Not saved yet`}</span>
      <Button onClick={discard}>{t`Discard`}</Button>
      <Button disabled={!canTry} onClick={tryIt}>{t`Preview the last week`}</Button>
      <Button look="primary" busy={busy} onClick={keep}>{t`Save`}</Button>
    </section>
  );
}
