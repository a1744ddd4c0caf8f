// A dead letter in the list, and what its record says once that is asked for.

import { useLingui } from "@lingui/react/macro";
import { useState } from "react";
import { $api, type DeadLetterView } from "@/api/client";
import { useFormat } from "@/i18n/format";
import { Button } from "@/ui/controls";
import { Badge, Loaded } from "@/ui/layout";
import ui from "@/ui/ui.module.css";
import css from "../models.module.css";
import { useLetterActs } from "./acts";
import { TONES, useLetterStates } from "./words";

export function Letter({
  letter,
  isPicked,
  pick,
}: {
  letter: DeadLetterView;
  isPicked: boolean;
  pick: (isPicked: boolean) => void;
}) {
  const { t } = useLingui();
  const { moment } = useFormat();
  const states = useLetterStates();
  const [isShown, setShown] = useState(false);
  const { topic, partition, offset, reason, state, failed_at, source, consumer, replays } = letter;
  const place = `${topic} ${partition}:${offset}`;
  return (
    <li>
      <div className={ui.row}>
        {state === "open" && (
          <input
            type="checkbox"
            className={css.pick}
            aria-label={t`Pick ${place}`}
            checked={isPicked}
            onChange={(event) => pick(event.currentTarget.checked)}
          />
        )}
        <span className={ui.about}>
          <strong>{reason}</strong>
          <span className={ui.facts}>
            <span>{place}</span>
            <span>{consumer}</span>
            {source && <span>{source}</span>}
            {replays > 0 && <span>{t`Replayed before: ${replays}`}</span>}
          </span>
        </span>
        <span className="dim numbers">{moment(failed_at)}</span>
        <Badge tone={TONES[state]}>{states[state]}</Badge>
        <Button
          look="quiet"
          aria-expanded={isShown}
          aria-label={isShown ? t`Hide ${place}` : t`Show ${place}`}
          onClick={() => setShown(!isShown)}
        >
          {isShown ? t`Hide` : t`Show`}
        </Button>
      </div>
      {isShown && <Content letter={letter} />}
    </li>
  );
}

function Content({ letter }: { letter: DeadLetterView }) {
  const { t } = useLingui();
  const { bytes, moment } = useFormat();
  const act = useLetterActs();
  const { letter_id, state, changed_at, changed_by } = letter;
  const query = $api.useQuery("get", "/api/v1/dead-letters/{letter_id}", {
    params: { path: { letter_id } },
  });
  return (
    <div className={css.content}>
      <Loaded query={query} rows={1}>
        {({ key, headers, content, is_kept, size_bytes, sha256 }) => (
          <>
            <dl className={css.pairs}>
              <dt>{t`Key`}</dt>
              <dd>{key ?? "–"}</dd>
              <dt>{t`Size`}</dt>
              <dd>{bytes(size_bytes)}</dd>
              {Object.entries(headers).map(([name, value]) => (
                <Pair key={name} name={name} value={String(value)} />
              ))}
              {sha256 && <Pair name="sha256" value={sha256} />}
              {changed_at && (
                <Pair
                  name={t`Settled`}
                  value={[moment(changed_at), changed_by].filter(Boolean).join(" · ")}
                />
              )}
            </dl>
            {content ? (
              <pre className={css.code}>{JSON.stringify(content, null, 2)}</pre>
            ) : (
              <p className="dim">
                {is_kept
                  ? t`The record is no message at all.`
                  : t`Kafka has let go of the record: it cannot be replayed any more.`}
              </p>
            )}
            {state === "open" && (
              <div className={css.bulk}>
                <span />
                {is_kept && <Button onClick={() => act("replay", [letter_id])}>{t`Replay`}</Button>}
                <Button look="danger" onClick={() => act("drop", [letter_id])}>{t`Drop`}</Button>
              </div>
            )}
          </>
        )}
      </Loaded>
    </div>
  );
}

function Pair({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}
