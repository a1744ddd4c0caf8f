// An album: its items in order, each with a note; rename, share, delete, put in order.

import { useLingui } from "@lingui/react/macro";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { $api, type AlbumItemView, type AlbumView, client } from "@/api/client";
import { refresh } from "@/api/queries";
import { useMay } from "@/api/session";
import { useFormat } from "@/i18n/format";
import { Button, CheckField, TextField } from "@/ui/controls";
import { Badge, Empty, Fault, Loaded, Page, Skeleton, sentence } from "@/ui/layout";
import { More, usePages } from "@/ui/lists";
import { Confirm, Dialog } from "@/ui/overlays";
import { notify, notifyFault } from "@/ui/toasts";
import ui from "@/ui/ui.module.css";
import { AlbumItem } from "./AlbumItem";
import css from "./videos.module.css";

const route = getRouteApi("/shell/albums/$albumId");
const ITEMS = "/api/v1/albums/{album_id}/items";

export function Album() {
  const { albumId } = route.useParams();
  const album = $api.useQuery("get", "/api/v1/albums/{album_id}", {
    params: { path: { album_id: albumId } },
  });
  return <Loaded query={album}>{(view) => <Items key={view.album_id} album={view} />}</Loaded>;
}

function Items({ album }: { album: AlbumView }) {
  const { t } = useLingui();
  const { moment } = useFormat();
  const mayChange = useMay("upload");
  const path = { album_id: album.album_id };
  const query = usePages(ITEMS, path, async (cursor) => {
    const { data } = await client.GET(ITEMS, { params: { path, query: { limit: 50, cursor } } });
    if (!data) throw new Error("empty");
    return data;
  });
  const items = query.data?.pages.flatMap((page) => page.items);
  const acts = useActs(album, items ?? []);
  const since = moment(album.created_at);
  return (
    <Page title={album.name} actions={mayChange && <Acts album={album} />}>
      <p className={css.facts}>
        {album.is_shared ? (
          <Badge tone="good">{t`Everybody of the chain sees it`}</Badge>
        ) : (
          <Badge>{t`Only you see it`}</Badge>
        )}
        <span className="dim">
          {album.owner}, {since}
        </span>
      </p>
      {query.error && !items ? (
        <Fault error={query.error} retry={() => query.refetch()} />
      ) : !items ? (
        <Skeleton rows={4} />
      ) : items.length === 0 ? (
        <Empty title={t`Nothing is in this album yet`}>
          <p>{t`Choose “Add to album” beside a video or an alert.`}</p>
          <Link to="/videos">{t`To the uploads`}</Link>
        </Empty>
      ) : (
        <ol className={ui.rows}>
          {items.map((item, place) => (
            <AlbumItem
              key={item.item_id}
              item={item}
              mayChange={mayChange}
              up={place > 0 ? () => acts.move(item, place - 1) : undefined}
              down={place < items.length - 1 ? () => acts.move(item, place + 2) : undefined}
              note={(words) => acts.change(item, { note: words })}
              takeOut={() => acts.takeOut(item)}
            />
          ))}
        </ol>
      )}
      <More query={query} />
    </Page>
  );
}

function useActs(album: AlbumView, items: AlbumItemView[]) {
  const { t } = useLingui();
  const { album_id } = album;
  const doing = async (act: () => Promise<unknown>) => {
    try {
      await act();
    } catch (error) {
      notifyFault(sentence(error, t`Nightclerk cannot be reached. Is it running?`));
    }
    await refresh("/api/v1/albums");
  };
  const change = (item: AlbumItemView, body: { note?: string; before?: string | null }) =>
    doing(() =>
      client.PATCH(`${ITEMS}/{item_id}`, {
        params: { path: { album_id, item_id: item.item_id } },
        body,
      }),
    );
  const put = (item: AlbumItemView) => {
    const { source_id, from_at, to_at, note } = item;
    const body = { source_id, from_at, to_at, note };
    return doing(() => client.POST(ITEMS, { params: { path: { album_id } }, body }));
  };
  return {
    change,
    /** Before the item at that place, or to the end. */
    move: (item: AlbumItemView, place: number) =>
      change(item, { before: items[place]?.item_id ?? null }),
    takeOut: async (item: AlbumItemView) => {
      const path = { album_id, item_id: item.item_id };
      await doing(() => client.DELETE(`${ITEMS}/{item_id}`, { params: { path } }));
      const { source_name } = item;
      notify(t`${source_name} was taken out`, { label: t`Undo`, act: () => void put(item) });
    },
  };
}

function Acts({ album }: { album: AlbumView }) {
  const { t } = useLingui();
  const navigate = useNavigate();
  const [open, setOpen] = useState(false);
  const [fault, setFault] = useState("");
  const { name, album_id } = album;
  const path = { album_id };
  const save = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const body = { name: String(form.get("name")).trim(), is_shared: form.has("shared") };
    try {
      await client.PATCH("/api/v1/albums/{album_id}", { params: { path }, body });
      await refresh("/api/v1/albums");
      setOpen(false);
    } catch (error) {
      setFault(sentence(error, t`Nightclerk cannot be reached. Is it running?`));
    }
  };
  const remove = async () => {
    await client.DELETE("/api/v1/albums/{album_id}", { params: { path } });
    await navigate({ to: "/albums" });
    await refresh("/api/v1/albums");
    notify(t`${name} was deleted`);
  };
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t`Rename or share`}</Button>
      <Confirm button={t`Delete`} title={t`Delete ${name}?`} verb={t`Delete`} act={remove}>
        {t`The album goes with its notes. What is in it stays where it is.`}
      </Confirm>
      <Dialog title={t`Rename or share`} open={open} onClose={() => setOpen(false)}>
        <form onSubmit={save} style={{ display: "grid", gap: 16 }}>
          <TextField
            label={t`Name`}
            name="name"
            required
            maxLength={255}
            defaultValue={name}
            fault={fault}
          />
          <CheckField
            label={t`Share with everybody of the chain`}
            hint={t`Each sees as much of it as they may see, and may change it.`}
            name="shared"
            defaultChecked={album.is_shared}
          />
          <div className={ui.actions}>
            <Button onClick={() => setOpen(false)}>{t`Cancel`}</Button>
            <Button type="submit" look="primary">{t`Save`}</Button>
          </div>
        </form>
      </Dialog>
    </>
  );
}
