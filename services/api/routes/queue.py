"""The review queue: what waits, take one, give it back, judge all of it."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Path, Query, Response
from sqlalchemy import Connection

from schemas.alerts import Severity
from services.api import audit
from services.api.auth import Reviewing, Viewing
from services.api.cursors import BadCursor
from services.api.deps import Context, Database, Tools
from services.api.principal import Principal
from services.api.problems import Problem, documented
from services.api.queries.alerts import AlertFilter, alert_page
from services.api.reviews import queue
from services.api.reviews.bulk import judge_all
from services.api.reviews.queue import Claimed, Place, QueueFilter
from services.api.reviews.views import ClaimEntry, LeaseEntry, QueuePage, VerdictEntry
from services.api.routes.videos import Limit, Token, found
from services.api.views import IncidentDetail
from services.chassis.storage.database import transacted, transaction

router = APIRouter(prefix="/review-queue", tags=["incidents"])
IncidentId = Annotated[UUID, Path(examples=["7c9e6679-7425-50de-944b-e07fc1f90ae7"])]
MOST_ALERTS = 100
PROBLEMS = documented(401, 403, 404, 409, 422, 503)


def queue_filter(
    store_id: Annotated[UUID | None, Query(description="of this store only")] = None,
    severity: Severity | None = None,
) -> QueueFilter:
    return QueueFilter(store_id, severity)


Filtered = Annotated[QueueFilter, Depends(queue_filter)]


@router.get("", summary="Incidents that wait for a verdict", responses=documented(401, 422))
def review_queue(
    database: Database,
    context: Context,
    principal: Viewing,
    wanted: Filtered,
    limit: Limit = 50,
    cursor: Token = None,
) -> QueuePage:
    """The gravest first, of equals the newest."""
    try:
        after = Place.read(cursor) if cursor else None
    except BadCursor as error:
        raise Problem(422, str(error)) from error
    return queue.page(database, principal, wanted, limit, after, context.clock.now())


@router.post(
    "/claims",
    status_code=201,
    response_model=IncidentDetail,
    summary="Take the next incident that nobody is at",
    responses=documented(401, 403, 422, 503) | {204: {"description": "Nothing waits."}},
)
def claim_next(entry: ClaimEntry, context: Context, principal: Reviewing) -> object:
    """It is yours for some minutes; two people at once never get the same."""
    now, wanted = context.clock.now(), QueueFilter(entry.store_id, entry.severity)
    until = now + timedelta(minutes=entry.minutes)
    incident_id = transacted(
        context.engine,
        lambda connection: queue.claim_next(connection, principal, wanted, until, now),
    )
    if incident_id is None:
        return Response(status_code=204)
    return _detail(context, principal, incident_id, wanted)


@router.get(
    "/{incident_id}",
    operation_id="getIncident",
    summary="An incident with its alerts",
    responses=documented(401, 404, 422),
)
def incident(
    incident_id: IncidentId, context: Context, principal: Viewing, wanted: Filtered
) -> IncidentDetail:
    """Whether it waits or not; `previous_id` and `next_id` are of the queue as it is filtered."""
    return _detail(context, principal, incident_id, wanted)


@router.put("/{incident_id}/claim", summary="Take it, or keep it longer", responses=PROBLEMS)
def claim(
    incident_id: IncidentId, entry: LeaseEntry, context: Context, principal: Reviewing
) -> IncidentDetail:
    """Answers 409 while another person has it."""
    now = context.clock.now()
    until = now + timedelta(minutes=entry.minutes)
    try:
        with transaction(context.engine) as connection:
            done = queue.claim(connection, principal, incident_id, until, now)
    except Claimed as error:
        raise Problem(409, str(error)) from error
    found(done or None, "incident", incident_id)
    return _detail(context, principal, incident_id, QueueFilter())


@router.delete("/{incident_id}/claim", status_code=204, summary="Give it back", responses=PROBLEMS)
def release(incident_id: IncidentId, context: Context, principal: Reviewing) -> None:
    try:
        with transaction(context.engine) as connection:
            done = queue.release(connection, principal, incident_id, context.clock.now())
    except Claimed as error:
        raise Problem(409, str(error)) from error
    found(done or None, "incident", incident_id)


@router.put("/{incident_id}/verdict", summary="Judge all alerts of an incident", responses=PROBLEMS)
def judge(
    incident_id: IncidentId, entry: VerdictEntry, context: Context, principal: Reviewing
) -> IncidentDetail:
    """Those that somebody has judged already stay as they are. It leaves the queue, and is nobody's
    any more.
    """
    now, batch_id = context.clock.now(), uuid4()
    try:
        with transaction(context.engine) as connection:
            found(queue.locked(connection, principal, incident_id, now), "incident", incident_id)
            done = judge_all(connection, principal, incident_id, entry, batch_id, now)
            queue.release(connection, principal, incident_id, now)
            _note(connection, principal, incident_id, entry, done.changed)
    except Claimed as error:
        raise Problem(409, str(error)) from error
    context.announce_reviews()
    return _detail(context, principal, incident_id, QueueFilter())


def _note(
    connection: Connection,
    principal: Principal,
    incident_id: UUID,
    entry: VerdictEntry,
    changed: int,
) -> None:
    row = queue.incident(connection, principal, incident_id)
    tenant_id = UUID(row["tenant_id"]) if row and row["tenant_id"] else None
    detail = entry.model_dump() | {"alerts": changed}
    name = str(incident_id)
    audit.record(connection, principal, "incident.judged", name, detail, tenant_id=tenant_id)


def _detail(
    context: Tools, principal: Principal, incident_id: UUID, wanted: QueueFilter
) -> IncidentDetail:
    """Raises Problem 404."""
    with context.engine.connect() as connection:
        row = found(queue.incident(connection, principal, incident_id), "incident", incident_id)
        view = queue.view_of(row, principal, context.clock.now())
        previous_id, next_id = queue.neighbours(connection, principal, wanted, row)
        of_incident = AlertFilter(incident_id=incident_id, run=row["run"])
        page = alert_page(connection, principal, of_incident, MOST_ALERTS, None)
    return IncidentDetail(
        **view.model_dump(), alerts=page.items, previous_id=previous_id, next_id=next_id
    )
