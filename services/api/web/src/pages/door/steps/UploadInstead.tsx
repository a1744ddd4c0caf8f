import { useLingui } from "@lingui/react/macro";
import { useState } from "react";
import { refresh } from "@/api/queries";
import { FaultLine, useAct } from "@/ui/act";
import { FileButton, VIDEOS } from "@/ui/files";
import css from "./steps.module.css";
import { upload } from "./upload";

/** A recording where there is no camera yet: with its progress, then a word. */
export function UploadInstead({ onDone }: { onDone: () => void }) {
  const { t } = useLingui();
  const [share, setShare] = useState(0);
  const [name, setName] = useState("");
  const { busy, fault, run } = useAct();
  const send = (file: File | undefined) =>
    file &&
    run(async () => {
      setName("");
      await upload(file, setShare);
      await refresh("/api/v1/videos");
      setName(file.name);
      onDone();
    });
  return (
    <>
      <div className={css.instead}>
        <p>{t`No camera at hand? Upload a recording instead`}</p>
        <FileButton busy={busy} name={t`A recording`} accept={VIDEOS} take={([file]) => send(file)}>
          {t`Choose a video`}
        </FileButton>
      </div>
      {busy && <progress value={share} aria-label={t`Upload`} />}
      <FaultLine text={fault} />
      {name && <p role="status">{t`${name} is uploaded and is being analysed.`}</p>}
    </>
  );
}
