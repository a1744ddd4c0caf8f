// What to mark next: the moments that the head is least sure of, marked by the keyboard as in review.

import { useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { useRef, useState } from "react";
import type { SuggestionView } from "@/api/client";
import { refresh } from "@/api/queries";
import { useMay } from "@/api/session";
import { useFormat } from "@/i18n/format";
import { Button } from "@/ui/controls";
import { arrows, useKeys } from "@/ui/keys";
import { Panel, sentence } from "@/ui/layout";
import { useWhere, useZone } from "@/ui/stores";
import { notify, notifyFault } from "@/ui/toasts";
import type { PlayerHandle } from "@/video/playback";
import { Moment } from "../Moment";
import css from "../models.module.css";
import { LEARNING, mark } from "./marks";
import { useLabelWord } from "./words";

const keyOf = (moment: SuggestionView) => `${moment.source_id} ${moment.since} ${moment.label}`;

export function Suggestions({ all }: { all: SuggestionView[] }) {
  const { t } = useLingui();
  const [done, setDone] = useState<ReadonlySet<string>>(new Set());
  const left = all.filter((moment) => !done.has(keyOf(moment)));
  const set = (moment: SuggestionView, isDone: boolean) =>
    setDone((before) => {
      const after = new Set(before);
      if (isDone) after.add(keyOf(moment));
      else after.delete(keyOf(moment));
      return after;
    });
  return (
    <section className={css.stack} aria-labelledby="next">
      <h2 id="next">{t`What to mark next`}</h2>
      {left.length === 0 ? (
        <p className="dim">{t`Nothing is near the mark now. Moments appear here as cameras see them.`}</p>
      ) : (
        <Bench left={left} set={set} />
      )}
    </section>
  );
}

function Bench({
  left,
  set,
}: {
  left: SuggestionView[];
  set: (moment: SuggestionView, isDone: boolean) => void;
}) {
  const { t } = useLingui();
  const may = useMay("review");
  const word = useLabelWord();
  const player = useRef<PlayerHandle>(null);
  const undo = useRef<(() => Promise<void>)[]>([]);
  const [picked, setPicked] = useState("");
  const at = Math.max(
    0,
    left.findIndex((moment) => keyOf(moment) === picked),
  );
  const shown = left[at] as SuggestionView;
  const name = word(shown.label);
  const pick = (place: number) => {
    const moment = left[Math.min(Math.max(place, 0), left.length - 1)];
    if (moment) setPicked(keyOf(moment));
  };
  const trying = async (deed: () => Promise<unknown>) => {
    try {
      await deed();
    } catch (error) {
      notifyFault(sentence(error, t`Nightclerk cannot be reached. Is it running?`));
    }
  };
  const takeBack = () => {
    const latest = undo.current.pop();
    if (latest) void trying(latest);
    else notify(t`There is nothing to undo.`);
  };
  const judge = (isEvent: boolean) =>
    trying(async () => {
      if (!may) return;
      const moment = shown;
      const back = await mark(moment, isEvent);
      const following = left[at + 1] ?? left[at - 1];
      if (following) setPicked(keyOf(following));
      set(moment, true);
      undo.current.push(async () => {
        await back();
        set(moment, false);
        setPicked(keyOf(moment));
      });
      notify(isEvent ? t`Marked: ${name}` : t`Marked: nothing happened`, {
        label: t`Undo`,
        act: takeBack,
      });
      void refresh(...LEARNING);
    });
  useKeys({
    ...arrows({
      down: () => pick(at + 1),
      up: () => pick(at - 1),
      left: () => player.current?.skip(-5),
      right: () => player.current?.skip(5),
    }),
    j: () => pick(at + 1),
    k: () => pick(at - 1),
    t: () => judge(true),
    f: () => judge(false),
    u: takeBack,
    " ": () => player.current?.toggle(),
  });
  return (
    <div className={css.desk}>
      <ol className={css.list} aria-labelledby="next">
        {left.map((moment) => (
          <li key={keyOf(moment)}>
            <Row moment={moment} isShown={moment === shown} pick={() => setPicked(keyOf(moment))} />
          </li>
        ))}
      </ol>
      <Panel className={css.card}>
        <Moment
          key={keyOf(shown)}
          ref={player}
          label={t`${shown.source_name}: ${name}?`}
          place={placeOf(shown)}
        />
        <div className={css.head}>
          <p>
            <strong>{t`Is it this: ${name}?`}</strong> <Facts moment={shown} />
          </p>
          <div className={css.acts}>
            {may && (
              <>
                <Button look="primary" onClick={() => judge(true)}>
                  {t`Yes, mark it`} <kbd className={css.key}>T</kbd>
                </Button>
                <Button onClick={() => judge(false)}>
                  {t`Nothing happened`} <kbd className={css.key}>F</kbd>
                </Button>
              </>
            )}
            {shown.alert_id ? (
              <Link to="/alerts/$alertId" params={{ alertId: shown.alert_id }}>{t`The alert`}</Link>
            ) : (
              <a href={shown.player}>{t`Look around`}</a>
            )}
          </div>
        </div>
        <p className="dim">{t`J and K go on and back, space plays, U takes the latest mark back.`}</p>
      </Panel>
    </div>
  );
}

function placeOf({ source_id, since, until, player }: SuggestionView) {
  const isCamera = !player.startsWith("/videos/");
  const startS = Number(new URLSearchParams(player.split("?")[1]).get("t"));
  return { sourceId: source_id, isCamera, since, until, startS };
}

function Row({
  moment,
  isShown,
  pick,
}: {
  moment: SuggestionView;
  isShown: boolean;
  pick: () => void;
}) {
  const { score } = useFormat();
  const word = useLabelWord();
  const where = useWhere();
  return (
    <button
      type="button"
      className={css.choice}
      aria-current={isShown ? "true" : undefined}
      data-row=""
      onClick={pick}
    >
      <span>{where(moment.source_name, moment.store_id)}</span>
      <b>{score(moment.score)}</b>
      <small>
        {word(moment.label)} · <When moment={moment} />
      </small>
    </button>
  );
}

function When({ moment }: { moment: SuggestionView }) {
  const { moment: shown } = useFormat(useZone()(moment.store_id));
  return <span className="numbers">{shown(moment.since)}</span>;
}

function Facts({ moment }: { moment: SuggestionView }) {
  const { t } = useLingui();
  const { score } = useFormat();
  const [given, mark] = [score(moment.score), score(moment.mark)];
  return <span className="dim">{t`score ${given}, alerts begin at ${mark}`}</span>;
}
