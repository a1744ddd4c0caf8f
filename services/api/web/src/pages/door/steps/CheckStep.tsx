import { useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { useEffect, useEffectEvent } from "react";
import { $api } from "@/api/client";
import { useMay } from "@/api/session";
import { useStream } from "@/live/live";
import { Button, buttonClass } from "@/ui/controls";
import { due, PROOFS, type Proof, type Standing, standing } from "./check";
import css from "./steps.module.css";
import { type SelfCheck, useSelfCheck } from "./useSelfCheck";

/** So long after an alert its evidence is looked for again; no event tells of it. */
const EVIDENCE_MS = 1_000;

/** Shows a fight to the whole line, and says what became of it. */
export function CheckStep() {
  const { t } = useLingui();
  const may = useMay("configure");
  const work = useSelfCheck();
  const { check, begin } = work;
  const isDone = check.passed.includes("removed");
  return (
    <>
      <p>
        {t`A simulated camera shows two people fighting. It goes the way of every camera: cut, scored, judged, stored. Whoever is to be notified of alerts hears of this one too. Afterwards the camera is removed with all that came of it.`}
      </p>
      {(check.isRunning || check.passed.length > 0 || check.failed) && <Proofs work={work} />}
      {check.isRunning && check.sourceId && <Listening work={work} sourceId={check.sourceId} />}
      <div role="status">
        {isDone && (
          <p
            className={css.verdict}
          >{t`Everything works: the fight was scored, an alert was raised, and it was stored.`}</p>
        )}
        {check.failed && (
          <p className={css.verdict} data-failed>
            {check.fault}
          </p>
        )}
      </div>
      {!may && <p>{t`Only managers and owners add cameras.`}</p>}
      <div className={css.onward}>
        <Button
          look={isDone ? "plain" : "primary"}
          busy={check.isRunning}
          disabled={!may}
          onClick={begin}
        >
          {isDone || check.failed ? t`Check once more` : t`Begin the self-check`}
        </Button>
        <Link
          to="/"
          className={buttonClass(isDone ? "primary" : "plain")}
        >{t`To the overview`}</Link>
      </div>
    </>
  );
}

function Proofs({ work: { check } }: { work: SelfCheck }) {
  const { t } = useLingui();
  const names: Record<Proof, string> = {
    added: t`Simulated camera added`,
    scored: t`Pictures scored`,
    alerted: t`Alert raised`,
    stored: t`Evidence stored`,
    removed: t`Simulated camera removed`,
  };
  const words: Record<Standing, string> = {
    waiting: "",
    running: t`Waiting…`,
    passed: t`Done`,
    failed: t`Failed`,
  };
  const signs: Record<Standing, string> = { waiting: "·", running: "", passed: "✓", failed: "✕" };
  return (
    <ol className={css.tests}>
      {PROOFS.map((proof) => {
        const state = standing(check, proof);
        return (
          <li key={proof} className={css.test} data-state={state}>
            <span className={css.sign} aria-hidden="true">
              {signs[state]}
            </span>
            {names[proof]}
            <small>{words[state]}</small>
          </li>
        );
      })}
    </ol>
  );
}

/** Shows nothing: hears what becomes of the camera's pictures. */
function Listening({ work, sourceId }: { work: SelfCheck; sourceId: string }) {
  const { alertId } = work.check;
  useStream({ kind: ["scores", "alerts"], source_id: [sourceId] }, ({ name, data }) => {
    if (name === "score") work.scored();
    if (name.startsWith("alert.") && data.kind === "incident") work.alerted(String(data.alert_id));
  });
  const isAwaited = alertId && due(work.check) === "stored";
  return isAwaited ? <Evidence alertId={alertId} onFound={work.stored} /> : null;
}

function Evidence({ alertId, onFound }: { alertId: string; onFound: () => void }) {
  const { data } = $api.useQuery(
    "get",
    "/api/v1/alerts/{alert_id}",
    { params: { path: { alert_id: alertId } } },
    { refetchInterval: EVIDENCE_MS, retry: true },
  );
  const isStored = Boolean(data?.snapshot_url || data?.has_evidence);
  const found = useEffectEvent(onFound);
  useEffect(() => {
    if (isStored) found();
  }, [isStored]);
  return null;
}
