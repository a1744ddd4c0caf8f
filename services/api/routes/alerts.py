"""Alerts: what the rule found, the evidence, and who was told."""

from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from sqlalchemy import Connection, select

from services.api import media, queries
from services.api.deps import Context, Database, Tools
from services.api.problems import Problem, documented
from services.api.routes.videos import Limit, Offset
from services.api.tables import deliveries
from services.api.views import AlertDetail, AlertPage, AlertState
from services.chassis.storage.objects import ObjectMissing

router = APIRouter(prefix="/alerts", tags=["alerts"])
AlertId = Annotated[UUID, Path(examples=["7c9e6679-7425-50de-944b-e07fc1f90ae7"])]
Evidence = Literal["snapshot", "evidence"]
FILES = {"snapshot": "snapshot.jpg", "evidence": "evidence.mp4"}
KINDS = {"snapshot": "image/jpeg", "evidence": "video/mp4"}


@router.get("", summary="List the alerts, newest first", responses=documented(401, 422))
def alert_list(
    database: Database,
    video_id: Annotated[UUID | None, Query(description="of this video only")] = None,
    state: AlertState | None = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> AlertPage:
    return queries.alert_page(database, queries.Page(limit, offset), video_id, state)


@router.get(
    "/{alert_id}", summary="Evidence and deliveries", responses=documented(401, 404, 422, 503)
)
def alert(alert_id: AlertId, context: Context) -> AlertDetail:
    """The links go to the object store itself, need no login, and expire."""
    with context.engine.connect() as database:
        told = queries.alert(database, alert_id)
        if told is None:
            raise Problem(404, f"There is no alert {alert_id}.")
        attempts = queries.deliveries_of(database, alert_id)
        keys = {what: _key(database, alert_id, what) for what in FILES}
    return AlertDetail(
        **told.model_dump(),
        snapshot_url=_link(context, keys["snapshot"]),
        evidence_url=_link(context, keys["evidence"]),
        deliveries=attempts,
    )


@router.head("/{alert_id}/{what}", include_in_schema=False, response_class=Response)
@router.get(
    "/{alert_id}/{what}",
    summary="The snapshot (JPEG) or the evidence (MP4, with ranges)",
    responses=documented(401, 404, 416, 422),
    response_class=Response,
)
def alert_file(request: Request, alert_id: AlertId, what: Evidence, context: Context) -> Response:
    with context.engine.connect() as database:
        if queries.alert(database, alert_id) is None:
            raise Problem(404, f"There is no alert {alert_id}.")
        key = _key(database, alert_id, what)
    name = f"{alert_id}-{FILES[what]}"
    return media.serve(request, context.store, key, KINDS[what], name)


def _key(database: Connection, alert_id: UUID, what: str) -> str:
    """The key a delivery told, else where it would lie."""
    column = deliveries.c[f"{what}_key"]
    query = select(column).where(deliveries.c.alert_id == str(alert_id), column.is_not(None))
    told = database.scalar(query.order_by(deliveries.c.attempted_at.desc()).limit(1))
    return str(told or f"alerts/{alert_id}/{FILES[what]}")


def _link(context: Tools, key: str) -> str | None:
    """None while there is no such object (yet)."""
    try:
        context.store.stat(key)
    except ObjectMissing:
        return None
    return context.store.presign(key, timedelta(seconds=context.settings.api_presign_s))
