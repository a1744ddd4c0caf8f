// A store over time: all of its cameras, from a month down to seconds.

import { useLingui } from "@lingui/react/macro";
import { getRouteApi } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import type { CameraView } from "@/api/client";
import { SelectField } from "@/ui/controls";
import { Loaded, Page, Skeleton } from "@/ui/layout";
import { StoreOptions, useStores, useZone } from "@/ui/stores";
import css from "./cameras.module.css";
import { NoCamera } from "./NoCamera";
import { useCameras } from "./reading";
import { type Place, TimelinePanel } from "./timeline/Panel";

const route = getRouteApi("/shell/timeline");

export function Timeline() {
  const { t } = useLingui();
  const { store } = route.useSearch();
  const navigate = route.useNavigate();
  const stores = useStores();
  const current = store ?? stores.at(-1)?.store_id;
  return (
    <Page title={t`Timeline`} wide>
      {stores.length > 1 && (
        <div className={css.filters}>
          <SelectField
            label={t`Store`}
            value={current}
            onChange={({ target }) =>
              navigate({
                search: (before) => ({ ...before, store: target.value, camera: undefined }),
              })
            }
          >
            <StoreOptions />
          </SelectField>
        </div>
      )}
      {current ? <OfStore key={current} storeId={current} /> : <Skeleton />}
    </Page>
  );
}

function OfStore({ storeId }: { storeId: string }) {
  const { t } = useLingui();
  const query = useCameras(storeId);
  return (
    <Loaded query={query}>
      {(cameras) =>
        cameras.length ? (
          <Cameras cameras={cameras} storeId={storeId} />
        ) : (
          <NoCamera>{t`What cameras saw appears here over time.`}</NoCamera>
        )
      }
    </Loaded>
  );
}

function Cameras({ cameras, storeId }: { cameras: CameraView[]; storeId: string }) {
  const { at, span, camera } = route.useSearch();
  const navigate = route.useNavigate();
  const names = JSON.stringify(cameras.map(({ source_id, name }) => [source_id, name]));
  const rows = useMemo(
    () =>
      (JSON.parse(names) as [string, string][])
        .map(([sourceId, name]) => ({ sourceId, name }))
        .toSorted((one, other) => one.name.localeCompare(other.name)),
    [names],
  );
  const keep = useCallback(
    (place: Place) =>
      void navigate({ search: (before) => ({ ...before, ...place }), replace: true }),
    [navigate],
  );
  return (
    <TimelinePanel
      rows={rows}
      zone={useZone()(storeId)}
      place={{ at, span, camera }}
      onPlace={keep}
    />
  );
}
