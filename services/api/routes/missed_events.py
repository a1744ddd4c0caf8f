"""Events that raised no alert: people report them, and heads and calibration learn from it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from services.api import audit
from services.api.auth import Reviewing, Viewing
from services.api.deps import Context, Database
from services.api.learning import marking
from services.api.learning.views import (
    EXAMPLE_EVENT,
    MissedEventEntry,
    MissedEventPage,
    MissedEventView,
)
from services.api.problems import Problem, documented
from services.api.queries import alerts
from services.api.queries.sources import source_row
from services.api.routes.videos import Limit, Token, cursor_of, found
from services.chassis.storage.database import transaction

router = APIRouter(prefix="/missed-events", tags=["learning"])
EventId = Annotated[UUID, Path(examples=[EXAMPLE_EVENT])]


@router.get("", summary="List missed events, latest reported first", responses=documented(401, 422))
def missed_event_list(  # noqa: PLR0913 - what a list is bound by
    database: Database,
    principal: Viewing,
    source_id: Annotated[UUID | None, Query(description="of this source only")] = None,
    store_id: Annotated[UUID | None, Query(description="of this store only")] = None,
    label: Annotated[str | None, Query(max_length=128, examples=["theft"])] = None,
    limit: Limit = 50,
    cursor: Token = None,
) -> MissedEventPage:
    """Moments that were marked normal, and corrections of alerts, among them."""
    place = source_id, store_id
    return marking.event_page(database, principal, place, label, limit, cursor_of(cursor))


@router.post(
    "",
    status_code=201,
    summary="Report a missed event",
    responses=documented(401, 403, 404, 422, 503),
)
def report(
    entry: MissedEventEntry,
    request: Request,
    response: Response,
    context: Context,
    principal: Reviewing,
) -> MissedEventView:
    """It teaches the next head and lowers what calibration learned at that camera. With `alert_id`
    it says what that alert showed in truth; the verdict of the alert stays as it is.
    """
    now = context.clock.now()
    if entry.until > now:
        raise Problem(422, "What has not happened yet cannot have been missed.")
    with transaction(context.engine) as database:
        row = found(source_row(database, principal, entry.source_id), "source", entry.source_id)
        if entry.alert_id:
            view = found(alerts.alert(database, principal, entry.alert_id), "alert", entry.alert_id)
            if view.source_id != entry.source_id:
                raise Problem(422, f"Alert {entry.alert_id} is of another source.")
        event_id = marking.enter(database, principal, entry, now)
        said = {"source_id": str(entry.source_id), "label": entry.label}
        tenant_id = UUID(row["tenant_id"]) if row["tenant_id"] else None
        view_of_it = marking.event(database, principal, event_id)
        audit.record(
            database, principal, "event.reported", str(event_id), said, tenant_id=tenant_id
        )
    context.announce_missed()
    response.headers["Location"] = request.url_for("missed_event", event_id=event_id).path
    return found(view_of_it, "missed event", event_id)


@router.get("/{event_id}", summary="A missed event", responses=documented(401, 404, 422))
def missed_event(event_id: EventId, database: Database, principal: Viewing) -> MissedEventView:
    return found(marking.event(database, principal, event_id), "missed event", event_id)


@router.delete(
    "/{event_id}",
    status_code=204,
    summary="Take a missed event back",
    responses=documented(401, 403, 404, 422, 503),
)
def withdraw(event_id: EventId, context: Context, principal: Reviewing) -> None:
    """Nothing learns from it any more; what calibration made of it is undone."""
    with transaction(context.engine) as database:
        view = found(marking.event(database, principal, event_id), "missed event", event_id)
        row = found(source_row(database, principal, view.source_id), "source", view.source_id)
        marking.withdraw(database, event_id, context.clock.now())
        said = {"source_id": str(view.source_id), "label": view.label}
        tenant_id = UUID(row["tenant_id"]) if row["tenant_id"] else None
        audit.record(
            database, principal, "event.withdrawn", str(event_id), said, tenant_id=tenant_id
        )
    context.announce_missed()
