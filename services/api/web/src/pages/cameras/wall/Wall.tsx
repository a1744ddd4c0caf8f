// The wall: the newest picture of many cameras, for a screen that hangs somewhere.

import { useLingui } from "@lingui/react/macro";
import { getRouteApi } from "@tanstack/react-router";
import { type CSSProperties, type KeyboardEvent, useRef } from "react";
import type { CameraView } from "@/api/client";
import { useFormat } from "@/i18n/format";
import { Button } from "@/ui/controls";
import { Loaded, Page } from "@/ui/layout";
import { StoreOptions, useStores } from "@/ui/stores";
import type { ScreenHandle } from "../live/Screen";
import { useLivePictures } from "../live/useLivePictures";
import { NoCamera } from "../NoCamera";
import { useCameras } from "../reading";
import { LAYOUTS, type Layout, layoutFor, moved, pagesOf } from "./layouts";
import { Tile, type TileHandle } from "./Tile";
import css from "./wall.module.css";

const route = getRouteApi("/shell/wall");

export function Wall() {
  const { t } = useLingui();
  const { store } = route.useSearch();
  const query = useCameras(store);
  return (
    <Loaded query={query}>
      {(cameras) =>
        cameras.length ? (
          <Pictures cameras={cameras} />
        ) : (
          <Page title={t`Live wall`}>
            <NoCamera>{t`Cameras that are watched appear here.`}</NoCamera>
          </Page>
        )
      }
    </Loaded>
  );
}

function Pictures({ cameras }: { cameras: CameraView[] }) {
  const { t } = useLingui();
  const { layout = layoutFor(cameras.length), page = 1 } = route.useSearch();
  const show = route.useNavigate();
  const grid = useRef<HTMLUListElement>(null);
  const place = useRef<HTMLDivElement>(null);
  const pages = pagesOf(cameras.length, layout);
  const current = Math.min(page, pages);
  const shown = cameras.slice((current - 1) * layout, current * layout);
  const areOfMany = new Set(cameras.map(({ store_id }) => store_id)).size > 1;
  const tiles = useRef(new Map<string, TileHandle & ScreenHandle>());
  const names = shown.filter((camera) => !camera.is_paused).map((camera) => camera.source_id);
  const path = names.length
    ? `/api/v1/live?rate=1&${names.map((name) => `source_id=${name}`).join("&")}`
    : null;
  const fault = useLivePictures(path, (header, jpeg) => {
    const tile = tiles.current.get(header.source_id);
    tile?.note(header);
    if (jpeg) void tile?.show(header, jpeg);
  });

  const turn = (to: number) =>
    show({ search: (before) => ({ ...before, page: Math.min(Math.max(to, 1), pages) }) });
  const choose = (chosen: Layout) =>
    show({ search: (before) => ({ ...before, layout: chosen, page: 1 }) });
  const fill = () => {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void place.current?.requestFullscreen();
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target instanceof HTMLSelectElement) return;
    const links = [...(grid.current?.querySelectorAll("a") ?? [])];
    const focused = links.indexOf(document.activeElement as HTMLAnchorElement);
    if (event.key.startsWith("Arrow")) {
      links[
        moved(Math.max(focused, 0), focused < 0 ? "" : event.key, layout, links.length)
      ]?.focus();
      event.preventDefault();
    } else if (event.key === "f") fill();
    else if (event.key === "PageDown") void turn(current + 1);
    else if (event.key === "PageUp") void turn(current - 1);
    else {
      const chosen = LAYOUTS[Number(event.key) - 1];
      if (chosen) void choose(chosen);
    }
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys for the whole page, each with a button
    <div ref={place} className={css.place} onKeyDown={onKey}>
      <Page
        title={t`Live wall`}
        wide
        actions={
          <Tools
            layout={layout}
            choose={choose}
            fill={fill}
            page={current}
            pages={pages}
            turn={turn}
          />
        }
      >
        {fault !== null && (
          <p role="status">{fault || t`The live picture broke off; trying again…`}</p>
        )}
        <ul
          ref={grid}
          className={css.grid}
          style={{ "--columns": Math.sqrt(layout) } as CSSProperties}
        >
          {shown.map((camera) => (
            <Tile
              key={camera.source_id}
              camera={camera}
              store={areOfMany ? camera.store : null}
              ref={(tile) => {
                if (tile) tiles.current.set(camera.source_id, tile);
                return () => void tiles.current.delete(camera.source_id);
              }}
            />
          ))}
        </ul>
      </Page>
    </div>
  );
}

function Tools({
  layout,
  choose,
  fill,
  page,
  pages,
  turn,
}: {
  layout: Layout;
  choose: (layout: Layout) => void;
  fill: () => void;
  page: number;
  pages: number;
  turn: (page: number) => void;
}) {
  const { t } = useLingui();
  const { number } = useFormat();
  return (
    <>
      <StoreChoice />
      <fieldset className={css.layouts}>
        <legend className="unseen">{t`Pictures at once`}</legend>
        {LAYOUTS.map((each) => (
          <Button key={each} aria-pressed={each === layout} onClick={() => choose(each)}>
            {number(each)}
          </Button>
        ))}
      </fieldset>
      {pages > 1 && (
        <>
          <Button
            disabled={page === 1}
            onClick={() => turn(page - 1)}
            aria-label={t`Previous cameras`}
          >
            ‹
          </Button>
          <span className="numbers">
            {number(page)} / {number(pages)}
          </span>
          <Button
            disabled={page === pages}
            onClick={() => turn(page + 1)}
            aria-label={t`Next cameras`}
          >
            ›
          </Button>
        </>
      )}
      <Button onClick={fill} title={t`Key F`}>{t`Full screen`}</Button>
    </>
  );
}

function StoreChoice() {
  const { t } = useLingui();
  const stores = useStores();
  const { store } = route.useSearch();
  const show = route.useNavigate();
  if (stores.length < 2) return null;
  return (
    <select
      className={css.store}
      aria-label={t`Store`}
      value={store ?? ""}
      onChange={({ target }) =>
        show({ search: (before) => ({ ...before, store: target.value || undefined, page: 1 }) })
      }
    >
      <StoreOptions all={t`All stores`} />
    </select>
  );
}
