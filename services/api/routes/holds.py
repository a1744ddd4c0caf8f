"""Legal hold of stretches of cameras and of uploads; of alerts it is part of the alert."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from services.api.auth import Configuring, Reviewing
from services.api.deps import Context, Database
from services.api.keeping import holding, storing
from services.api.keeping.views import HoldEntry, HoldPage, HoldView
from services.api.problems import documented
from services.api.queries import alerts
from services.api.queries.sources import source_row
from services.api.routes.videos import Limit, Token, cursor_of, found

router = APIRouter(prefix="/holds", tags=["holds"])
HoldId = Annotated[UUID, Path(examples=["7c9e6679-7425-50de-944b-e07fc1f90ae7"])]


@router.get("", summary="List what is held, latest first", responses=documented(401, 403, 422))
def hold_list(
    database: Database,
    principal: Reviewing,
    source_id: Annotated[UUID | None, Query(description="of this source only")] = None,
    limit: Limit = 50,
    cursor: Token = None,
) -> HoldPage:
    """Alerts that are held among them."""
    return storing.hold_page(database, principal, source_id, limit, cursor_of(cursor))


@router.post(
    "",
    status_code=201,
    summary="Hold a stretch of a source",
    responses=documented(401, 403, 404, 422, 503),
)
def hold(
    entry: HoldEntry,
    request: Request,
    response: Response,
    context: Context,
    principal: Configuring,
) -> HoldView:
    """Nothing of it is deleted until somebody lets go of it: recordings, alerts with evidence and
    reviews, scores, conditions. Recordings that lie on a worker are brought to the store. The
    source cannot be removed meanwhile, nor the stretch erased.
    """
    with context.engine.connect() as database:
        row = found(source_row(database, principal, entry.source_id), "source", entry.source_id)
    hold_id = holding.hold_stretch(context, principal, row, entry)
    response.headers["Location"] = request.url_for("held", hold_id=hold_id).path
    with context.engine.connect() as database:
        return found(storing.hold(database, principal, hold_id), "hold", hold_id)


@router.get("/{hold_id}", summary="A hold", responses=documented(401, 403, 404, 422))
def held(hold_id: HoldId, database: Database, principal: Reviewing) -> HoldView:
    return found(storing.hold(database, principal, hold_id), "hold", hold_id)


@router.delete(
    "/{hold_id}",
    status_code=204,
    summary="Let go of what is held",
    responses=documented(401, 403, 404, 422, 503),
)
def release(hold_id: HoldId, context: Context, principal: Configuring) -> None:
    """What is old enough goes with the next turn of retention."""
    with context.engine.connect() as database:
        view = found(storing.hold(database, principal, hold_id), "hold", hold_id)
        of_alert = view.alert_id and alerts.alert(database, principal, view.alert_id)
    if of_alert:
        holding.release_alert(context, principal, of_alert)
    else:
        holding.release_stretch(context, principal, hold_id)
