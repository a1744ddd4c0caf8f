"""Alerts: what the rules found, the evidence, and who was told."""

import hashlib
from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import FileResponse

from schemas import ids
from schemas.alerts import AlertKind, Severity
from schemas.judgements import LIVE
from services.api import media
from services.api.auth import Reviewing, Viewing
from services.api.deps import Context, Database, Tools
from services.api.faces.handing import HiddenEvidence
from services.api.faces.rule import must_hide
from services.api.keeping import holding
from services.api.periods import Between
from services.api.problems import documented
from services.api.queries import alerts as queries
from services.api.queries.alerts import AlertFilter
from services.api.routes.sources import RunName
from services.api.routes.videos import Limit, Token, cursor_of, found
from services.api.views import AlertChange, AlertDetail, AlertPage, AlertState, AlertView
from services.chassis.media.stored import exists

router = APIRouter(prefix="/alerts", tags=["alerts"])
AlertId = Annotated[UUID, Path(examples=["7c9e6679-7425-50de-944b-e07fc1f90ae7"])]
Evidence = Literal["snapshot", "evidence"]
KEYS = {"snapshot": ids.snapshot_key, "evidence": ids.evidence_key}
KINDS = {"snapshot": "image/jpeg", "evidence": "video/mp4"}
Faces = Annotated[
    Literal["shown", "blurred"],
    Query(description="blurred: heads are hidden for good; so they are by the face rule"),
]


def alert_filter(  # noqa: PLR0913 - each is a parameter of the route
    between: Between,
    source_id: Annotated[UUID | None, Query(description="of this source only")] = None,
    store_id: Annotated[UUID | None, Query(description="of this store only")] = None,
    state: AlertState | None = None,
    kind: Annotated[AlertKind | None, Query(description="incidents or health only")] = None,
    severity: Severity | None = None,
    label: Annotated[str | None, Query(max_length=128)] = None,
    incident_id: UUID | None = None,
    verdict: Annotated[
        Literal["true", "false", "none"] | None, Query(description="none: not judged yet")
    ] = None,
    acknowledged: bool | None = None,
    assigned_to: Annotated[UUID | None, Query(description="a user")] = None,
    min_score: Annotated[
        float | None,
        Query(ge=0, le=1, description="of the peak, at least; what has no score has not"),
    ] = None,
    run: RunName = LIVE,
) -> AlertFilter:
    """What the list shows. `since` and `until` bound when alerts began."""
    return AlertFilter(
        source_id=source_id,
        store_id=store_id,
        state=state,
        kind=kind,
        severity=severity,
        label=label,
        incident_id=incident_id,
        verdict=verdict,
        acknowledged=acknowledged,
        assigned_to=assigned_to,
        min_score=min_score,
        run=run,
        since=between.since,
        until=between.until,
    )


Filtered = Annotated[AlertFilter, Depends(alert_filter)]


@router.get("", summary="List the alerts, newest first", responses=documented(401, 422))
def alert_list(
    database: Database,
    principal: Viewing,
    wanted: Filtered,
    limit: Limit = 50,
    cursor: Token = None,
) -> AlertPage:
    """`since` and `until` bound when they began."""
    return queries.alert_page(database, principal, wanted, limit, cursor_of(cursor))


@router.get(
    "/{alert_id}", summary="Evidence and deliveries", responses=documented(401, 404, 422, 503)
)
def alert(
    alert_id: AlertId, response: Response, context: Context, principal: Viewing
) -> AlertDetail:
    """The links go to the object store itself, need no login, and expire. They come once the
    evidence is made, some seconds after the alert; to whom faces are not shown none is given.
    """
    with context.engine.connect() as database:
        view = found(queries.alert(database, principal, alert_id), "alert", alert_id)
        is_hidden = must_hide(database, principal, view.source_id)
        attempts = queries.deliveries_of(database, principal, alert_id)
    context.view(principal, "evidence.viewed", alert_id, view.source_id)
    detail = AlertDetail(
        **view.model_dump(),
        snapshot_url=None if is_hidden else _link(context, ids.snapshot_key(alert_id)),
        evidence_url=None if is_hidden else _link(context, ids.evidence_key(alert_id)),
        has_evidence=exists(context.store, ids.evidence_key(alert_id)),
        faces="hidden" if is_hidden else "shown",
        deliveries=attempts,
    )
    response.headers["ETag"] = _tag(context, detail)
    return detail


@router.patch(
    "/{alert_id}",
    summary="Hold an alert, or let go of it",
    responses=documented(401, 404, 422, 503),
)
def change(
    alert_id: AlertId, wish: AlertChange, context: Context, principal: Reviewing
) -> AlertView:
    """What is held is never deleted for its age: evidence, the camera's recordings around it, and
    the alert itself. Its source cannot be removed meanwhile.
    """
    with context.engine.connect() as database:
        view = found(queries.alert(database, principal, alert_id), "alert", alert_id)
    if wish.held:
        holding.hold_alert(context, principal, view, wish.reason)
    else:
        holding.release_alert(context, principal, view)
    return view.model_copy(update={"is_held": wish.held})


@router.head("/{alert_id}/{what}", include_in_schema=False, response_class=Response)
@router.get(
    "/{alert_id}/{what}",
    operation_id="getAlertFile",
    summary="The snapshot (JPEG) or the evidence (MP4, with ranges)",
    responses=documented(202, 401, 404, 416, 422, 503),
    response_class=Response,
)
def alert_file(
    request: Request,
    alert_id: AlertId,
    what: Evidence,
    context: Context,
    principal: Viewing,
    faces: Faces = "shown",
) -> Response:
    """With blurred faces the video is made when it is first asked for: 202 with `Retry-After`
    meanwhile.
    """
    with context.engine.connect() as database:
        view = found(queries.alert(database, principal, alert_id), "alert", alert_id)
        is_hidden = faces == "blurred" or must_hide(database, principal, view.source_id)
    context.view(principal, "evidence.viewed", alert_id, view.source_id)
    key = KEYS[what](alert_id)
    name = f"{alert_id}-{key.rpartition('/')[2]}"
    if not is_hidden:
        return media.serve(request, context.store, key, KINDS[what], name)
    hidden = HiddenEvidence(context, view)
    headers = {"Cache-Control": "private, no-cache"}
    if what == "snapshot":
        return Response(hidden.snapshot(), media_type=KINDS[what], headers=headers)
    path = hidden.video()
    return FileResponse(
        path,
        media_type=KINDS[what],
        headers=headers | {"ETag": f'"{path.stem}"'},
        filename=name,
        content_disposition_type="inline",
    )


def _tag(context: Tools, detail: AlertDetail) -> str:
    """Of all but the links, which are others each time; whoever has it already has links that work
    for half of their time at least.
    """
    links = ("snapshot_url", "evidence_url")
    there = [getattr(detail, name) is not None for name in links]
    stretch = context.clock.now().timestamp() // (context.settings.api_presign_s / 2)
    content = detail.model_dump_json(exclude=set(links)) + f"{there}{stretch}"
    return f'"{hashlib.blake2b(content.encode(), digest_size=12).hexdigest()}"'


def _link(context: Tools, key: str) -> str | None:
    """None while there is no such object (yet)."""
    if not exists(context.store, key):
        return None
    return context.store.presign(key, timedelta(seconds=context.settings.api_presign_s))
