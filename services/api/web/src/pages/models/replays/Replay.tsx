// One replay: how far it is, what it was asked for, and what is to be done with its result.

import { useLingui } from "@lingui/react/macro";
import { getRouteApi, Link } from "@tanstack/react-router";
import { $api, client, type ReplayView } from "@/api/client";
import { refresh } from "@/api/queries";
import { useMay } from "@/api/session";
import { useFormat } from "@/i18n/format";
import { said } from "@/i18n/said";
import { FaultLine, useAct } from "@/ui/act";
import { Button, buttonClass } from "@/ui/controls";
import { Badge, Loaded, Panel } from "@/ui/layout";
import { Confirm } from "@/ui/overlays";
import { Verdict } from "../comparison/Verdict";
import css from "../models.module.css";
import { useTitles } from "../words";
import { Progress } from "./Replays";
import { isGoingOn, REPLAYS, TONES, useInputs, useReplayStates, useSpan } from "./reading";

const route = getRouteApi("/shell/models-section/replays/$run");

export function Replay() {
  const { run } = route.useParams();
  const params = { path: { run } };
  const query = $api.useQuery("get", "/api/v1/replays/{run}", { params });
  return <Loaded query={query}>{(replay) => <Found replay={replay} />}</Loaded>;
}

function Found({ replay }: { replay: ReplayView }) {
  const { t } = useLingui();
  const states = useReplayStates();
  const span = useSpan();
  const { run, state, detector, error } = replay;
  return (
    <div className={css.stack}>
      <Link to="/replays">{t`← All replays`}</Link>
      <div className={css.head}>
        <div className={css.acts}>
          <h2 className={css.title}>{span(replay)}</h2>
          <Badge tone={TONES[state]}>{states[state]}</Badge>
        </div>
        <Acts replay={replay} />
      </div>
      {isGoingOn(replay) && (
        <Panel className={css.card} role="status">
          <Progress replay={replay} />
        </Panel>
      )}
      {error && <FaultLine text={said(error)} />}
      <div className={css.columns}>
        <Facts replay={replay} />
        {state === "done" && (
          <Panel className={css.card}>
            <h3>{t`Beside what was live`}</h3>
            <Verdict run={run} />
            <div className={css.acts}>
              <Link to="/comparison" search={{ run }} className={buttonClass("primary")}>
                {t`Compare`}
              </Link>
              <a
                className={buttonClass()}
                href={`/api/v1/replays/${run}/report`}
                target="_blank"
                rel="noreferrer"
              >
                {t`Report`}
              </a>
              {!replay.is_built_in && (
                <Link
                  to="/models/$detector"
                  params={{ detector }}
                  search={{ promote: run }}
                  className={buttonClass()}
                >{t`Make it live`}</Link>
              )}
            </div>
          </Panel>
        )}
      </div>
    </div>
  );
}

function Acts({ replay }: { replay: ReplayView }) {
  const { t } = useLingui();
  const navigate = route.useNavigate();
  const may = useMay("configure");
  const { busy, fault, run } = useAct();
  const params = { path: { run: replay.run } };
  const cancel = async () => {
    await client.POST("/api/v1/replays/{run}/cancel", { params });
    await refresh(REPLAYS);
  };
  const resume = async () => {
    await client.POST("/api/v1/replays/{run}/resume", { params });
    await refresh(REPLAYS);
  };
  const remove = async () => {
    await client.DELETE("/api/v1/replays/{run}", { params });
    await navigate({ to: "/replays" });
    await refresh(REPLAYS);
  };
  if (!may) return null;
  return (
    <div className={css.acts}>
      <FaultLine text={fault} />
      {isGoingOn(replay) ? (
        <Button
          look="danger"
          busy={busy}
          onClick={() => run(cancel)}
        >{t`Cancel the replay`}</Button>
      ) : (
        <>
          {replay.state !== "done" && (
            <Button busy={busy} onClick={() => run(resume)}>{t`Go on with it`}</Button>
          )}
          <Confirm button={t`Remove`} title={t`Remove the replay?`} verb={t`Remove`} act={remove}>
            <p>{t`Its scores and alerts are deleted. Comparisons that promotions kept stay.`}</p>
          </Confirm>
        </>
      )}
    </div>
  );
}

function Facts({ replay }: { replay: ReplayView }) {
  const { t } = useLingui();
  const { number, duration, moment } = useFormat();
  const title = useTitles();
  const { detector, elapsed_s, extraction } = replay;
  return (
    <Panel className={css.card}>
      <h3>{t`What was asked for`}</h3>
      <Pairs
        all={[
          [t`Detector`, replay.is_built_in ? t`Built in` : title(detector)],
          [t`Cameras and uploads`, number(replay.source_count)],
          [t`Alerts it would have raised`, number(replay.alerts)],
          [t`Took`, duration(Math.round(elapsed_s))],
          [
            t`Footage read`,
            extraction
              ? `${duration(extraction.seconds)} / ${duration(extraction.seconds_planned)}`
              : null,
          ],
          [
            t`Footage missing`,
            extraction?.seconds_missing
              ? duration(Math.max(1, Math.round(extraction.seconds_missing)))
              : null,
          ],
          [
            t`Asked for`,
            [moment(replay.requested_at), replay.requested_by].filter(Boolean).join(" · "),
          ],
          [t`Finished`, replay.finished_at ? moment(replay.finished_at) : null],
        ]}
      />
      {!replay.error && extraction?.error && <p className="dim">{said(extraction.error)}</p>}
      <Inside replay={replay} />
    </Panel>
  );
}

/** What only whoever runs the machine asks for. */
function Inside({ replay }: { replay: ReplayView }) {
  const { t } = useLingui();
  const { number } = useFormat();
  const inputs = useInputs();
  const { rate, refused, windows_per_s, windows, windows_planned } = replay;
  const perSecond = (value: number) => t`${number(Math.round(value))} windows a second`;
  return (
    <details className={css.more}>
      <summary>{t`Technical details`}</summary>
      <Pairs
        all={[
          [t`Run`, replay.run],
          [t`Judged again`, inputs[replay.input]],
          [t`Windows judged`, `${number(windows)} / ${number(windows_planned)}`],
          [t`Clips scored`, number(replay.clips)],
          [t`Refused`, refused ? t`${refused} that the detector cannot judge` : null],
          [t`Speed`, rate ? perSecond(rate) : null],
          [t`No faster than`, windows_per_s ? perSecond(windows_per_s) : null],
        ]}
      />
    </details>
  );
}

function Pairs({ all }: { all: [string, string | null][] }) {
  return (
    <dl className={css.pairs}>
      {all.map(
        ([name, value]) =>
          value !== null && (
            <div key={name} className={css.same}>
              <dt>{name}</dt>
              <dd className="numbers">{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
