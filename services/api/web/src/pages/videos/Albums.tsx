// Albums: collections of videos and moments.

import { useLingui } from "@lingui/react/macro";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { type AlbumView, client } from "@/api/client";
import { useMay } from "@/api/session";
import { useFormat } from "@/i18n/format";
import { Button } from "@/ui/controls";
import { Badge, Empty, Fault, Page, Skeleton } from "@/ui/layout";
import { More, usePages } from "@/ui/lists";
import ui from "@/ui/ui.module.css";
import { NewAlbum } from "@/video/AddToAlbum";
import css from "./videos.module.css";

export function Albums() {
  const { t } = useLingui();
  const mayChange = useMay("upload");
  const [isNaming, setNaming] = useState(false);
  const navigate = useNavigate();
  const albums = usePages("/api/v1/albums", {}, async (cursor) => {
    const { data } = await client.GET("/api/v1/albums", {
      params: { query: { limit: 50, cursor } },
    });
    if (!data) throw new Error("empty");
    return data;
  });
  const items = albums.data?.pages.flatMap((page) => page.items);
  const open = (albumId: string) => navigate({ to: "/albums/$albumId", params: { albumId } });
  return (
    <Page
      title={t`Albums`}
      actions={
        mayChange && <Button look="primary" onClick={() => setNaming(true)}>{t`New album`}</Button>
      }
    >
      {albums.error && !items ? (
        <Fault error={albums.error} retry={() => albums.refetch()} />
      ) : !items ? (
        <Skeleton rows={4} />
      ) : items.length === 0 ? (
        <Empty title={t`There is no album yet`}>
          <p>{t`Collect moments that belong together: of a case, for training, to show somebody.`}</p>
        </Empty>
      ) : (
        <ul className={ui.rows}>
          {items.map((album) => (
            <Row key={album.album_id} album={album} />
          ))}
        </ul>
      )}
      <More query={albums} />
      <NewAlbum open={isNaming} close={() => setNaming(false)} made={open} />
    </Page>
  );
}

function Row({ album }: { album: AlbumView }) {
  const { t } = useLingui();
  const { ago } = useFormat();
  const { album_id, item_count: count, owner } = album;
  return (
    <li className={css.row}>
      <Link to="/albums/$albumId" params={{ albumId: album_id }} className={css.link}>
        <span className={css.about}>
          <strong className={css.name}>{album.name}</strong>
          <span className={css.facts}>
            {album.is_shared && <Badge tone="good">{t`Shared`}</Badge>}
            <span className="dim">
              {[
                count === 1 ? t`1 item` : t`${count} items`,
                album.is_mine ? "" : t`by ${owner}`,
                ago(album.changed_at),
              ]
                .filter(Boolean)
                .join(" · ")}
            </span>
          </span>
        </span>
      </Link>
    </li>
  );
}
