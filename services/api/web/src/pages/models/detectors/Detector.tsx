// One detector: what it looks for, how good training found it, where it judges, and what may be done.

import { useLingui } from "@lingui/react/macro";
import { getRouteApi, Link } from "@tanstack/react-router";
import { client } from "@/api/client";
import { refresh } from "@/api/queries";
import { useMay } from "@/api/session";
import { useFormat } from "@/i18n/format";
import { said } from "@/i18n/said";
import { FaultLine, useAct } from "@/ui/act";
import { Button, buttonClass, TextField } from "@/ui/controls";
import { Badge, Loaded, Panel } from "@/ui/layout";
import { Confirm } from "@/ui/overlays";
import css from "../models.module.css";
import { MODELS, type Detector as Model, useDetector } from "../reading";
import { TONES, titled, useModelStates } from "../words";
import { HeadPanel } from "./HeadPanel";
import { LookOn } from "./LookOn";
import { Promote } from "./Promote";

const route = getRouteApi("/shell/models-section/models/$detector");

export function Detector() {
  const { detector } = route.useParams();
  return <Loaded query={useDetector(detector)}>{(model) => <Found model={model} />}</Loaded>;
}

function Found({ model }: { model: Model }) {
  const { t } = useLingui();
  const may = useMay("administer");
  const states = useModelStates();
  return (
    <div className={css.stack}>
      <Link to="/models">{t`← All detectors`}</Link>
      <div className={css.head}>
        <div className={css.acts}>
          <h2 className={css.title}>{titled(model)}</h2>
          <Badge tone={TONES[model.state]}>{states[model.state]}</Badge>
        </div>
        <div className={css.acts}>
          {may && model.state !== "retired" && <Promote model={model} />}
          {may && model.state !== "retired" && !model.is_built_in && <LookOn model={model} />}
          <Link
            to="/replays"
            search={{ detector: model.is_built_in ? undefined : model.detector, start: true }}
            className={buttonClass()}
          >{t`Replay the past with it`}</Link>
        </div>
      </div>
      <div className={css.columns}>
        <Facts model={model} />
        {model.heads.map((head) => (
          <HeadPanel key={head.model_id} head={head} />
        ))}
      </div>
      {may && !model.is_built_in && <Keeping model={model} />}
    </div>
  );
}

function Facts({ model }: { model: Model }) {
  const { t } = useLingui();
  const { moment } = useFormat();
  const { places, registered_at } = model;
  return (
    <Panel className={css.card}>
      <h3>{t`What it is`}</h3>
      <dl className={css.pairs}>
        <dt>{t`Looks for`}</dt>
        <dd>{[...new Set(model.heads.map(({ rule }) => said(rule.label)))].join(", ")}</dd>
        <dt>{t`Judges`}</dt>
        <dd>
          {places.length
            ? places.map(({ store, run }) => (
                <div key={`${store} ${run}`}>
                  {store ?? t`All stores`}{" "}
                  {run !== "live" && <Badge tone="busy">{t`Looking on`}</Badge>}
                </div>
              ))
            : t`nowhere`}
        </dd>
        <dt>{t`Registered`}</dt>
        <dd>
          {registered_at
            ? [moment(registered_at), model.registered_by].filter(Boolean).join(" · ")
            : t`Built in`}
        </dd>
      </dl>
      <Inside model={model} />
    </Panel>
  );
}

/** What only whoever trains detectors asks for. */
function Inside({ model }: { model: Model }) {
  const { t } = useLingui();
  const { bytes, number } = useFormat();
  const may = useMay("administer");
  const { spec, size_bytes, sha256 } = model;
  const rate = number(spec.frame_rate);
  return (
    <details className={css.more}>
      <summary>{t`Technical details`}</summary>
      <dl className={css.pairs}>
        <dt>{t`Id`}</dt>
        <dd>{model.detector}</dd>
        <dt>{t`Backbone`}</dt>
        <dd>{model.backbone}</dd>
        <dt>{t`Sees`}</dt>
        <dd>{t`${spec.frames} frames at ${rate} a second, ${model.window} clips together`}</dd>
        {size_bytes !== null && (
          <>
            <dt>{t`Size`}</dt>
            <dd>{bytes(size_bytes)}</dd>
          </>
        )}
        {sha256 && (
          <>
            <dt>sha256</dt>
            <dd className={css.hash}>{sha256}</dd>
          </>
        )}
      </dl>
      {may && (
        <a
          className={buttonClass()}
          href={`/api/v1/models/${encodeURIComponent(model.detector)}/package`}
          download
        >{t`Download`}</a>
      )}
    </details>
  );
}

/** A note, and the end of it. */
function Keeping({ model }: { model: Model }) {
  const { t } = useLingui();
  const { busy, fault, run } = useAct();
  const navigate = route.useNavigate();
  const params = { path: { detector: model.detector } };
  const isRetired = model.state === "retired";
  const name = titled(model);
  const change = async (body: { note?: string; is_retired?: boolean }) => {
    await client.PATCH("/api/v1/models/{detector}", { params, body });
    await refresh(...MODELS);
  };
  const remove = async () => {
    await client.DELETE("/api/v1/models/{detector}", { params });
    await navigate({ to: "/models" });
    await refresh(...MODELS);
  };
  return (
    <Panel className={css.card}>
      <form
        className={css.note}
        onSubmit={(event) => {
          event.preventDefault();
          const note = String(new FormData(event.currentTarget).get("note") ?? "");
          void run(() => change({ note }));
        }}
      >
        <TextField label={t`Note`} name="note" defaultValue={model.note} maxLength={500} />
        <Button type="submit" busy={busy}>{t`Save`}</Button>
      </form>
      <FaultLine text={fault} />
      <div className={css.acts}>
        <Button busy={busy} onClick={() => run(() => change({ is_retired: !isRetired }))}>
          {isRetired ? t`Take up again` : t`Retire`}
        </Button>
        <Confirm button={t`Remove`} title={t`Remove ${name}?`} verb={t`Remove`} act={remove}>
          <p>{t`Its package is deleted. What it scored stays.`}</p>
        </Confirm>
      </div>
    </Panel>
  );
}
