import { useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { $api, type AlbumItemView } from "@/api/client";
import { useFormat } from "@/i18n/format";
import { Button } from "@/ui/controls";
import ui from "@/ui/ui.module.css";
import css from "./videos.module.css";

type Props = {
  item: AlbumItemView;
  mayChange: boolean;
  up: (() => void) | undefined;
  down: (() => void) | undefined;
  note: (words: string) => void;
  takeOut: () => void;
};

/** A source or a moment of it; the note is saved when one leaves it. */
export function AlbumItem({ item, mayChange, up, down, note, takeOut }: Props) {
  const { t } = useLingui();
  const { clock, moment, time } = useFormat();
  const { source_name: name, from_at, to_at } = item;
  const source = $api.useQuery("get", "/api/v1/sources/{source_id}", {
    params: { path: { source_id: item.source_id } },
  });
  const view = source.data;
  const atS = view && from_at ? (Date.parse(from_at) - Date.parse(view.origin_at)) / 1000 : 0;
  const untilS = view && to_at ? (Date.parse(to_at) - Date.parse(view.origin_at)) / 1000 : 0;
  const when =
    !from_at || !to_at
      ? t`Whole`
      : view && !view.is_wall_clock
        ? `${clock(atS)} – ${clock(untilS)}`
        : `${moment(from_at)} – ${time(to_at)}`;
  return (
    <li className={css.row}>
      <div className={css.link}>
        {item.source_kind === "upload" && (
          <span className={css.still}>
            <img
              src={`/api/v1/videos/${item.source_id}/frame?t=${atS.toFixed(1)}&width=240`}
              alt=""
              loading="lazy"
            />
          </span>
        )}
        <div className={css.about}>
          <Place item={item} atS={atS}>
            {name}
          </Place>
          <span className="dim numbers">{when}</span>
          {mayChange ? (
            <input
              className={ui.control}
              aria-label={t`Note on ${name}`}
              placeholder={t`Note`}
              defaultValue={item.note}
              maxLength={500}
              onBlur={(event) => {
                if (event.currentTarget.value !== item.note) note(event.currentTarget.value);
              }}
            />
          ) : (
            <p>{item.note}</p>
          )}
        </div>
        {mayChange && (
          <div className={css.acts}>
            <Button look="quiet" aria-label={t`Move ${name} up`} disabled={!up} onClick={up}>
              ↑
            </Button>
            <Button look="quiet" aria-label={t`Move ${name} down`} disabled={!down} onClick={down}>
              ↓
            </Button>
            <Button look="quiet" aria-label={t`Take ${name} out`} onClick={takeOut}>
              ×
            </Button>
          </div>
        )}
      </div>
    </li>
  );
}

function Place({ item, atS, children }: { item: AlbumItemView; atS: number; children: ReactNode }) {
  const { source_id, source_kind, from_at } = item;
  if (source_kind === "camera")
    return (
      <Link to="/cameras/$sourceId" params={{ sourceId: source_id }} className={css.name}>
        {children}
      </Link>
    );
  return (
    <Link
      to="/videos/$videoId"
      params={{ videoId: source_id }}
      search={from_at ? { t: atS } : {}}
      className={css.name}
    >
      {children}
    </Link>
  );
}
