import { useLingui } from "@lingui/react/macro";
import { type FormEvent, useState } from "react";
import { client, type VideoView } from "@/api/client";
import { refresh } from "@/api/queries";
import { Button, TextField } from "@/ui/controls";
import { sentence } from "@/ui/layout";
import { Dialog } from "@/ui/overlays";
import css from "@/ui/ui.module.css";

export function Rename({ video }: { video: VideoView }) {
  const { t } = useLingui();
  const [open, setOpen] = useState(false);
  const [fault, setFault] = useState("");
  const save = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const filename = String(new FormData(event.currentTarget).get("name") ?? "").trim();
    const path = { video_id: video.video_id };
    try {
      await client.PATCH("/api/v1/videos/{video_id}", { params: { path }, body: { filename } });
      await refresh("/api/v1/videos");
      setOpen(false);
    } catch (error) {
      setFault(sentence(error, t`Nightclerk cannot be reached. Is it running?`));
    }
  };
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t`Rename`}</Button>
      <Dialog title={t`Rename the video`} open={open} onClose={() => setOpen(false)}>
        <form onSubmit={save} style={{ display: "grid", gap: 16 }}>
          <TextField
            label={t`Name`}
            name="name"
            required
            maxLength={255}
            defaultValue={video.filename}
            fault={fault}
          />
          <div className={css.actions}>
            <Button onClick={() => setOpen(false)}>{t`Cancel`}</Button>
            <Button type="submit" look="primary">{t`Save`}</Button>
          </div>
        </form>
      </Dialog>
    </>
  );
}
