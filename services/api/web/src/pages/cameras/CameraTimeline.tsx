import { getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";
import type { CameraView } from "@/api/client";
import { useZone } from "@/ui/stores";
import { TimelinePanel } from "./timeline/Panel";

const route = getRouteApi("/shell/cameras/$sourceId");

/** The timeline of one camera, with what was recorded. */
export default function CameraTimeline({ camera }: { camera: CameraView }) {
  const { at, span } = route.useSearch();
  const navigate = route.useNavigate();
  const { source_id: sourceId, name } = camera;
  const rows = useMemo(() => [{ sourceId, name }], [sourceId, name]);
  return (
    <TimelinePanel
      ofOne
      rows={rows}
      zone={useZone()(camera.store_id)}
      place={{ at, span }}
      onPlace={(place) =>
        void navigate({
          search: (before) => ({ ...before, at: place.at, span: place.span }),
          replace: true,
        })
      }
    />
  );
}
