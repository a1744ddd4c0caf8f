import { useLingui } from "@lingui/react/macro";
import { useFormat } from "@/i18n/format";
import { Button } from "@/ui/controls";
import { Badge, sentence } from "@/ui/layout";
import { cancel, pause, resume, type Upload, type UploadState } from "./uploads";
import css from "./videos.module.css";

const TONES = {
  waiting: "plain",
  sending: "busy",
  offline: "warn",
  paused: "plain",
  failed: "bad",
} as const;

/** A file on its way: how far it is, and what may be done about it. */
export function UploadRow({ upload }: { upload: Upload }) {
  const { t } = useLingui();
  const { bytes, percent } = useFormat();
  const { key, file, sent, state, fault } = upload;
  const words: Record<UploadState, string> = {
    waiting: t`Waiting`,
    sending: t`Uploading`,
    offline: t`Waiting for the connection`,
    paused: t`Paused`,
    failed: t`Failed`,
  };
  const share = file.size ? sent / file.size : 0;
  const { name } = file;
  return (
    <li className={css.upload}>
      <div className={css.about}>
        <strong className={css.name}>{name}</strong>
        <span className={css.facts}>
          <Badge tone={TONES[state]}>{words[state]}</Badge>
          <span className="numbers">
            {bytes(sent)} / {bytes(file.size)} · {percent(share)}
          </span>
        </span>
        {state === "failed" && (
          <span className={css.fault} role="alert">
            {sentence(fault, t`Nightclerk cannot be reached. Is it running?`)}
          </span>
        )}
        <progress max={1} value={share} aria-label={t`Upload of ${name}`} />
      </div>
      <div className={css.acts}>
        {state === "paused" || state === "failed" ? (
          <Button onClick={() => resume(key)}>
            {state === "paused" ? t`Go on` : t`Try again`}
          </Button>
        ) : (
          <Button onClick={() => pause(key)}>{t`Pause`}</Button>
        )}
        <Button
          look="quiet"
          aria-label={t`Cancel the upload of ${name}`}
          onClick={() => cancel(key)}
        >
          ×
        </Button>
      </div>
    </li>
  );
}
