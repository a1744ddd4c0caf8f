// A menu that puts a source, or a moment of it, into an album; a new one if need be.

import { Menu } from "@base-ui/react/menu";
import { useLingui } from "@lingui/react/macro";
import { type FormEvent, useState } from "react";
import { $api, client } from "@/api/client";
import { refresh } from "@/api/queries";
import { useMay } from "@/api/session";
import { Button, buttonClass, TextField } from "@/ui/controls";
import { sentence } from "@/ui/layout";
import { Dialog } from "@/ui/overlays";
import { notify, notifyFault } from "@/ui/toasts";
import ui from "@/ui/ui.module.css";

const SHOWN = 30;

type Props = {
  sourceId: string;
  /** Both or neither: a moment of the source, as the API gives moments. */
  fromAt?: string;
  toAt?: string;
  quiet?: boolean;
};

export function AddToAlbum(props: Props) {
  const { t } = useLingui();
  const may = useMay("upload");
  const [isNaming, setNaming] = useState(false);
  const put = useAdding(props);
  if (!may) return null;
  return (
    <>
      <Menu.Root>
        <Menu.Trigger className={buttonClass(props.quiet ? "quiet" : "plain")}>
          {t`Add to album`}
        </Menu.Trigger>
        <Menu.Portal>
          <Menu.Positioner sideOffset={6} align="end">
            <Menu.Popup className={ui.menu}>
              <Albums put={put} />
              <Menu.Item className={ui.item} onClick={() => setNaming(true)}>
                {t`New album…`}
              </Menu.Item>
            </Menu.Popup>
          </Menu.Positioner>
        </Menu.Portal>
      </Menu.Root>
      <NewAlbum open={isNaming} close={() => setNaming(false)} made={put} />
    </>
  );
}

/** Asked for once the menu opens. */
function Albums({ put }: { put: (albumId: string, name: string) => void }) {
  const query = { limit: SHOWN };
  const albums = $api.useQuery("get", "/api/v1/albums", { params: { query } }).data?.items ?? [];
  return albums.map(({ album_id, name }) => (
    <Menu.Item key={album_id} className={ui.item} onClick={() => put(album_id, name)}>
      {name}
    </Menu.Item>
  ));
}

export function NewAlbum({
  open,
  close,
  made,
}: {
  open: boolean;
  close: () => void;
  made: (albumId: string, name: string) => unknown;
}) {
  const { t } = useLingui();
  const [fault, setFault] = useState("");
  const save = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    event.stopPropagation();
    const name = String(new FormData(event.currentTarget).get("name") ?? "").trim();
    try {
      const { data } = await client.POST("/api/v1/albums", { body: { name, is_shared: false } });
      close();
      await refresh("/api/v1/albums");
      if (data) made(data.album_id, name);
    } catch (error) {
      setFault(sentence(error, t`Nightclerk cannot be reached. Is it running?`));
    }
  };
  return (
    <Dialog title={t`New album`} open={open} onClose={close}>
      <form onSubmit={save} style={{ display: "grid", gap: 16 }}>
        <TextField label={t`Name`} name="name" required maxLength={255} fault={fault} />
        <div className={ui.actions}>
          <Button onClick={close}>{t`Cancel`}</Button>
          <Button type="submit" look="primary">{t`Create`}</Button>
        </div>
      </form>
    </Dialog>
  );
}

function useAdding({ sourceId, fromAt, toAt }: Props) {
  const { t } = useLingui();
  return async (albumId: string, name: string) => {
    const moment = fromAt && toAt ? { from_at: fromAt, to_at: toAt } : {};
    const path = { album_id: albumId };
    const body = { source_id: sourceId, note: "", ...moment };
    try {
      const { data } = await client.POST("/api/v1/albums/{album_id}/items", {
        params: { path },
        body,
      });
      await refresh("/api/v1/albums");
      notify(t`Added to ${name}`, {
        label: t`Undo`,
        act: () => data && void takeOut(albumId, data.item_id),
      });
    } catch (error) {
      notifyFault(sentence(error, t`Nightclerk cannot be reached. Is it running?`));
    }
  };
}

async function takeOut(albumId: string, itemId: string): Promise<void> {
  const path = { album_id: albumId, item_id: itemId };
  await client.DELETE("/api/v1/albums/{album_id}/items/{item_id}", { params: { path } });
  await refresh("/api/v1/albums");
}
