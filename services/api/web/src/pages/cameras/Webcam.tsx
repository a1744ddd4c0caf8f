// This browser's webcam as a camera.

import { plural } from "@lingui/core/macro";
import { useLingui } from "@lingui/react/macro";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { type CameraView, client } from "@/api/client";
import { refresh } from "@/api/queries";
import { useMay } from "@/api/session";
import { Button, buttonClass, joined, TextField } from "@/ui/controls";
import { Badge, Loaded, Page, Panel, sentence } from "@/ui/layout";
import ui from "@/ui/ui.module.css";
import css from "./cameras.module.css";
import { entryOf } from "./form";
import { ScoreStrip } from "./live/ScoreStrip";
import { useCameras } from "./reading";
import { type Sending, WebcamSender } from "./webcam";
import type { Tone } from "./words";

const route = getRouteApi("/shell/webcam");

export function Webcam() {
  const { t } = useLingui();
  const { source } = route.useSearch();
  return (
    <Page title={t`Webcam`}>{source ? <Sender key={source} sourceId={source} /> : <Choice />}</Page>
  );
}

/** Which camera the pictures are to be of: one that there is, or a new one. */
function Choice() {
  const { t } = useLingui();
  const navigate = route.useNavigate();
  const mayAdd = useMay("configure");
  const [fault, setFault] = useState("");
  const query = useCameras();
  const begin = (source: string) => navigate({ search: { source } });
  const add = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    form.set("address", "push://");
    form.set("recording", "off");
    try {
      const { data } = await client.POST("/api/v1/cameras", { body: entryOf(form) });
      void refresh("/api/v1/cameras");
      if (data) await begin(data.source_id);
    } catch (error) {
      setFault(sentence(error, t`Nightclerk cannot be reached. Is it running?`));
    }
  };
  const isWebcam = (camera: CameraView) => camera.address.startsWith("push:");
  return (
    <>
      <p className="dim">
        {t`The pictures of this browser's webcam are watched like those of any camera, while the page stays open. Nothing is recorded.`}
      </p>
      <Loaded query={query} rows={1}>
        {(items) => (
          <>
            {items.filter(isWebcam).length > 0 && (
              <Panel className={joined(css.panel, css.narrow)}>
                <h2>{t`Go on as`}</h2>
                <div className={css.buttons}>
                  {items.filter(isWebcam).map(({ source_id, name }) => (
                    <Button key={source_id} onClick={() => begin(source_id)}>
                      {name}
                    </Button>
                  ))}
                </div>
              </Panel>
            )}
          </>
        )}
      </Loaded>
      {mayAdd && (
        <Panel className={css.narrow}>
          <form className={css.form} onSubmit={add}>
            <h2>{t`A new webcam`}</h2>
            <TextField
              label={t`Name`}
              name="name"
              defaultValue={t`Webcam`}
              required
              maxLength={255}
            />
            {fault && (
              <p className={ui.fault} role="alert">
                {fault}
              </p>
            )}
            <div className={ui.actions}>
              <Button type="submit" look="primary">{t`Start`}</Button>
            </div>
          </form>
        </Panel>
      )}
    </>
  );
}

const TONES: Record<Sending["state"], Tone> = {
  asking: "busy",
  connecting: "busy",
  sending: "good",
  refused: "bad",
  missing: "bad",
  insecure: "bad",
  lost: "bad",
};

function Sender({ sourceId }: { sourceId: string }) {
  const { t } = useLingui();
  const video = useRef<HTMLVideoElement>(null);
  const [sending, setSending] = useState<Sending>({ state: "asking" });
  useEffect(() => {
    if (!video.current) return;
    const sender = new WebcamSender(sourceId, video.current, setSending);
    void sender.start();
    return () => sender.close();
  }, [sourceId]);
  const line = useSentence(sending);
  return (
    <div className={css.columns}>
      <div className={css.stack}>
        <video
          ref={video}
          className={css.video}
          muted
          playsInline
          autoPlay
          aria-label={t`What the webcam sees`}
        />
        <p className={css.line}>
          <Badge tone={TONES[sending.state]}>
            <span role="status">{line}</span>
          </Badge>
        </p>
        <div className={ui.actions}>
          <Link
            to="/cameras/$sourceId"
            params={{ sourceId }}
            className={buttonClass()}
          >{t`Stop sending`}</Link>
        </div>
      </div>
      <Panel className={css.panel}>
        <h2>{t`Scores`}</h2>
        <ScoreStrip sourceId={sourceId} />
        <p className="dim">{t`Pictures are sent while this page stays open and in front.`}</p>
      </Panel>
    </div>
  );
}

function useSentence(sending: Sending): string {
  const { t } = useLingui();
  switch (sending.state) {
    case "asking":
      return t`Asking for the webcam…`;
    case "connecting":
      return t`Connecting…`;
    case "sending": {
      const { sent, skipped } = sending;
      const pictures = plural(sent, { one: "# picture sent", other: "# pictures sent" });
      return skipped ? t`${pictures}, ${skipped} left out` : pictures;
    }
    case "refused":
      return t`The browser does not allow the webcam.`;
    case "missing":
      return t`There is no webcam to be had: ${sending.detail}`;
    case "insecure":
      return t`Browsers give webcams to pages on https or localhost only.`;
    case "lost":
      return sending.detail || t`The connection broke off; trying again.`;
  }
}
