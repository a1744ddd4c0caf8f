// A link to be watched: a stream, a file, or a page that shows a video.

import { useLingui } from "@lingui/react/macro";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type FormEvent, useRef, useState } from "react";
import { client } from "@/api/client";
import { refresh } from "@/api/queries";
import { said } from "@/i18n/said";
import { Button, buttonClass, SelectField, TextField } from "@/ui/controls";
import { Badge, Loaded, Page, Panel, sentence } from "@/ui/layout";
import { StoreOptions, useStores } from "@/ui/stores";
import ui from "@/ui/ui.module.css";
import css from "./cameras.module.css";
import { entryOf } from "./form";
import { ScoreStrip } from "./live/ScoreStrip";
import { Screen, type ScreenHandle } from "./live/Screen";
import { useLivePictures } from "./live/useLivePictures";
import { useCamera } from "./reading";
import { TONES, useWords } from "./words";

const route = getRouteApi("/shell/link");

export function LinkPage() {
  const { t } = useLingui();
  const { source } = route.useSearch();
  return <Page title={t`Watch a link`}>{source ? <Progress sourceId={source} /> : <Entry />}</Page>;
}

/** The host and last part of an address: what people call a link where they give it no name. */
export function nameOf(address: string): string {
  try {
    const url = new URL(address);
    const last = url.pathname.split("/").filter(Boolean).at(-1);
    return [url.host.replace(/^www\./, ""), last].filter(Boolean).join(" · ").slice(0, 255);
  } catch {
    return address.slice(0, 255);
  }
}

function Entry() {
  const { t } = useLingui();
  const navigate = route.useNavigate();
  const stores = useStores();
  const [fault, setFault] = useState("");
  const [busy, setBusy] = useState(false);
  const add = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    if (!form.get("name")) form.set("name", nameOf(String(form.get("address"))));
    setBusy(true);
    setFault("");
    try {
      const { data } = await client.POST("/api/v1/cameras", { body: entryOf(form) });
      void refresh("/api/v1/cameras");
      if (data) await navigate({ search: { source: data.source_id } });
    } catch (error) {
      setFault(sentence(error, t`Nightclerk cannot be reached. Is it running?`));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Panel className={css.narrow}>
      <form className={css.form} onSubmit={add}>
        <TextField
          label={t`Link`}
          name="address"
          type="url"
          required
          spellCheck={false}
          placeholder="https://www.youtube.com/watch?v=…"
          hint={t`YouTube, HLS, MP4, MJPEG or a page that shows a video; live or recorded. A recorded video begins anew at its end.`}
        />
        <div className={css.pair}>
          <TextField label={t`Name`} name="name" maxLength={255} placeholder={t`As the link`} />
          {stores.length > 1 && (
            <SelectField label={t`Store`} name="store_id">
              <StoreOptions />
            </SelectField>
          )}
        </div>
        {fault && (
          <p className={ui.fault} role="alert">
            {fault}
          </p>
        )}
        <div className={ui.actions}>
          <Button type="submit" look="primary" busy={busy}>{t`Watch`}</Button>
        </div>
      </form>
    </Panel>
  );
}

type Step = "finding" | "playing" | "scored";

/** From the link to its first score; faults in the worker's sentence. */
function Progress({ sourceId }: { sourceId: string }) {
  const { t } = useLingui();
  const { states } = useWords();
  const navigate = route.useNavigate();
  const screen = useRef<ScreenHandle>(null);
  const [step, setStep] = useState<Step>("finding");
  const query = useCamera(sourceId);
  useLivePictures(`/api/v1/sources/${sourceId}/live`, (header, jpeg) => {
    if (jpeg) void screen.current?.show(header, jpeg);
    const reached = header.score ? "scored" : jpeg ? "playing" : null;
    if (reached) setStep((before) => (before === "scored" ? before : reached));
  });
  const steps: [Step, string][] = [
    ["finding", t`Finding the video`],
    ["playing", t`Pictures come`],
    ["scored", t`Scores come`],
  ];
  const order = steps.map(([name]) => name);
  return (
    <Loaded query={query}>
      {(camera) => (
        <div className={css.columns}>
          <Screen
            ref={screen}
            label={t`Live picture of ${camera.name}`}
            empty={camera.state === "offline" ? said(camera.reason) : t`Finding the video…`}
          />
          <div className={css.stack}>
            <Panel className={css.panel}>
              <h2>{camera.name}</h2>
              <small>{camera.address}</small>
              <ol className={css.list} aria-live="polite">
                {steps.map(([name, word]) => {
                  const isReached = order.indexOf(name) < order.indexOf(step) || step === "scored";
                  const isNow = name === step && !isReached;
                  return (
                    <li key={name}>
                      <Badge tone={isReached ? "good" : isNow ? "busy" : "plain"}>{word}</Badge>
                    </li>
                  );
                })}
              </ol>
              {camera.state === "offline" && (
                <p role="alert">
                  <Badge tone={TONES.offline}>{states.offline}</Badge> {said(camera.reason)}
                </p>
              )}
              <div className={ui.actions}>
                <Link
                  to="/cameras/$sourceId"
                  params={{ sourceId }}
                  className={buttonClass("primary")}
                >{t`To the camera`}</Link>
                <Button onClick={() => navigate({ search: {} })}>{t`Another link`}</Button>
              </div>
            </Panel>
            <Panel className={css.panel}>
              <h2>{t`Scores`}</h2>
              <ScoreStrip sourceId={sourceId} />
            </Panel>
          </div>
        </div>
      )}
    </Loaded>
  );
}
