"""Reviews of alerts: acknowledge, assign, judge, comment; undo; what was changed by whom."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Header, Path, Response
from sqlalchemy import Connection

from services.api import audit
from services.api.access import users
from services.api.auth import Reviewing, Viewing
from services.api.deps import Context, Database, Tools
from services.api.principal import Principal
from services.api.problems import Problem, documented
from services.api.queries import alerts as queries
from services.api.queries.alerts import AlertFilter
from services.api.reviews import bulk
from services.api.reviews.changes import (
    Change,
    Conflict,
    MustMatch,
    NoAlert,
    change,
    latest_change,
    restored,
    visible_alert,
)
from services.api.reviews.notes import comment, comments_of, history_of
from services.api.reviews.views import (
    AcknowledgementsEntry,
    AssignmentEntry,
    BatchView,
    CommentEntry,
    CommentsView,
    CommentView,
    HistoryView,
    ReviewView,
    UndoneView,
    VerdictEntry,
)
from services.api.routes.alerts import AlertId
from services.api.routes.videos import found
from services.api.view import EXAMPLE_ID
from services.chassis.storage.database import transaction

router = APIRouter(prefix="/alerts", tags=["reviews"])
IfMatch = Annotated[
    str | None, Header(alias="If-Match", description="the ETag of the review as you saw it")
]
PROBLEMS = documented(401, 403, 404, 412, 422, 428, 503)
UNSEEN = "Another person has said something else: show by If-Match that you saw it."
NOWHERE = str(UUID(int=0))
NOBODY: Mapping[str, Any] = {"assigned_to": None, "assigned_by": None}
NOTED = ("assigned_to", "verdict", "reason")
"""Of what a change says, what the audit log has."""
NO_VERDICT: Mapping[str, Any] = {"verdict": None, "reason": None, "judged_by": None}


@router.post(
    "/acknowledgements",
    summary="Acknowledge many alerts at once",
    responses=documented(401, 403, 422, 503),
)
def acknowledge_many(
    entry: AcknowledgementsEntry, context: Context, principal: Reviewing
) -> BatchView:
    """A thousand at most; `more` says that others are left. Alerts that are not yours, or were
    acknowledged before, are passed over.
    """
    batch_id, wanted = uuid4(), bulk.unacknowledged(principal)
    if entry.alert_ids is not None:
        wanted = bulk.named(wanted, entry.alert_ids)
    elif entry.filter is not None:
        wanted = AlertFilter(**entry.filter.model_dump()).apply(wanted)
    now = context.clock.now()
    with transaction(context.engine) as connection:
        done = bulk.acknowledge_all(connection, principal, wanted, batch_id, now)
        said = {"count": done.changed}
        audit.record(connection, principal, "alerts.acknowledged", str(batch_id), said)
    context.announce_reviews()
    return BatchView(batch_id=batch_id, changed=done.changed, more=done.more)


@router.delete(
    "/acknowledgements/{batch_id}",
    summary="Undo what was acknowledged at once",
    responses=documented(401, 403, 404, 422, 503),
)
def undo_many(
    batch_id: Annotated[UUID, Path(examples=[EXAMPLE_ID])], context: Context, principal: Reviewing
) -> UndoneView:
    """A thousand at most, as they were done."""
    with transaction(context.engine) as connection:
        if not bulk.is_batch(connection, principal, batch_id):
            raise Problem(404, f"There is no batch {batch_id}.")
        undone = bulk.undo(connection, principal, batch_id, context.clock.now())
        said = {"count": undone.changed}
        audit.record(connection, principal, "alerts.unacknowledged", str(batch_id), said)
    context.announce_reviews()
    return UndoneView(changed=undone.changed)


@router.get(
    "/{alert_id}/review", summary="What people made of it", responses=documented(401, 404, 422)
)
def review(
    alert_id: AlertId, response: Response, database: Database, principal: Viewing
) -> ReviewView:
    """Its ETag is what changes of it compare with."""
    view = found(queries.alert(database, principal, alert_id), "alert", alert_id).review
    response.headers["ETag"] = view.etag
    return view


@router.put("/{alert_id}/acknowledgement", summary="Acknowledge an alert", responses=PROBLEMS)
def acknowledge(
    alert_id: AlertId,
    response: Response,
    context: Context,
    principal: Reviewing,
    if_match: IfMatch = None,
) -> ReviewView:
    """Escalation stops. Who acknowledged it first stays; again changes nothing."""
    name, now = principal.actor.name, context.clock.now()
    values = {"acknowledged_at": now, "acknowledged_by": name}
    wanted = Change("acknowledged", values, "acknowledged_by", if_match, keeps_first=True)
    return _changed(context, principal, alert_id, wanted, response)


@router.delete(
    "/{alert_id}/acknowledgement", summary="Take an acknowledgement back", responses=PROBLEMS
)
def unacknowledge(
    alert_id: AlertId,
    response: Response,
    context: Context,
    principal: Reviewing,
    if_match: IfMatch = None,
) -> ReviewView:
    values = {"acknowledged_at": None, "acknowledged_by": None}
    wanted = Change("unacknowledged", values, "acknowledged_by", if_match)
    return _changed(context, principal, alert_id, wanted, response)


@router.put("/{alert_id}/assignment", summary="Have somebody see to it", responses=PROBLEMS)
def assign(
    alert_id: AlertId,
    entry: AssignmentEntry,
    response: Response,
    context: Context,
    principal: Reviewing,
    if_match: IfMatch = None,
) -> ReviewView:
    """To somebody who sees the store of the alert."""
    with context.engine.connect() as connection:
        _require_member(connection, _visible(connection, principal, alert_id), entry.assigned_to)
    values = {"assigned_to": str(entry.assigned_to), "assigned_by": principal.actor.name}
    wanted = Change("assigned", values, "assigned_by", if_match)
    return _changed(context, principal, alert_id, wanted, response)


@router.delete("/{alert_id}/assignment", summary="Nobody in particular", responses=PROBLEMS)
def unassign(
    alert_id: AlertId,
    response: Response,
    context: Context,
    principal: Reviewing,
    if_match: IfMatch = None,
) -> ReviewView:
    wanted = Change("unassigned", NOBODY, "assigned_by", if_match)
    return _changed(context, principal, alert_id, wanted, response)


@router.put("/{alert_id}/verdict", summary="A true or a false alarm", responses=PROBLEMS)
def judge(
    alert_id: AlertId,
    entry: VerdictEntry,
    response: Response,
    context: Context,
    principal: Reviewing,
    if_match: IfMatch = None,
) -> ReviewView:
    """Verdicts train the heads of tomorrow. They are kept as long as evidence or alert is."""
    values = entry.model_dump() | {"judged_by": principal.actor.name}
    wanted = Change("judged", values, "judged_by", if_match)
    return _changed(context, principal, alert_id, wanted, response)


@router.delete("/{alert_id}/verdict", summary="Take a verdict back", responses=PROBLEMS)
def unjudge(
    alert_id: AlertId,
    response: Response,
    context: Context,
    principal: Reviewing,
    if_match: IfMatch = None,
) -> ReviewView:
    wanted = Change("unjudged", NO_VERDICT, "judged_by", if_match)
    return _changed(context, principal, alert_id, wanted, response)


@router.post("/{alert_id}/undo", summary="Undo the latest change", responses=PROBLEMS)
def undo(
    alert_id: AlertId,
    response: Response,
    context: Context,
    principal: Reviewing,
    if_match: IfMatch = None,
) -> ReviewView:
    """Of one's own; that of another person takes If-Match. Once more is done again."""
    with context.engine.connect() as database:
        view = found(queries.alert(database, principal, alert_id), "alert", alert_id).review
        latest = latest_change(database, alert_id)
    if latest is None:
        response.headers["ETag"] = view.etag
        return view
    if if_match is None and latest["person"] != principal.actor.name:
        raise Problem(428, UNSEEN, {"ETag": view.etag})
    values = restored(latest["state_before"])
    wanted = Change("undone", values, match=if_match or view.etag)
    return _changed(context, principal, alert_id, wanted, response)


@router.get(
    "/{alert_id}/comments", summary="Comments, oldest first", responses=documented(401, 404, 422)
)
def comment_list(alert_id: AlertId, database: Database, principal: Viewing) -> CommentsView:
    _visible(database, principal, alert_id)
    return comments_of(database, alert_id)


@router.post(
    "/{alert_id}/comments",
    status_code=201,
    summary="Comment on an alert",
    responses=documented(401, 403, 404, 422, 503),
)
def add_comment(
    alert_id: AlertId, entry: CommentEntry, context: Context, principal: Reviewing
) -> CommentView:
    with transaction(context.engine) as connection:
        alert = _visible(connection, principal, alert_id)
        view = comment(connection, principal, alert, entry.text, context.clock.now())
        _note(connection, principal, "commented", {"comment_id": view.comment_id}, alert)
        return view


@router.get(
    "/{alert_id}/history",
    summary="Changes of the review, oldest first",
    responses=documented(401, 404, 422),
)
def history(alert_id: AlertId, database: Database, principal: Viewing) -> HistoryView:
    _visible(database, principal, alert_id)
    return history_of(database, alert_id)


def _note(
    connection: Connection,
    principal: Principal,
    done: str,
    detail: Mapping[str, object],
    alert: Mapping[Any, Any],
) -> None:
    """In the audit log of the tenant whose alert it is."""
    tenant_id = UUID(alert["tenant_id"]) if alert["tenant_id"] else None
    action, name = f"alert.{done}", alert["alert_id"]
    audit.record(connection, principal, action, name, detail, tenant_id=tenant_id)


def _require_member(connection: Connection, alert: Mapping[Any, Any], user_id: UUID) -> None:
    """Raises Problem 422."""
    tenant_id, store_id = (UUID(alert[name] or NOWHERE) for name in ("tenant_id", "store_id"))
    if not users.is_member(connection, tenant_id, store_id, user_id):
        raise Problem(422, f"There is nobody {user_id} who sees the store of this alert.")


def _visible(connection: Connection, principal: Principal, alert_id: UUID) -> Mapping[Any, Any]:
    """Raises Problem 404."""
    try:
        return visible_alert(connection, principal, alert_id)
    except NoAlert as error:
        raise Problem(404, str(error)) from error


def _changed(
    context: Tools, principal: Principal, alert_id: UUID, wanted: Change, response: Response
) -> ReviewView:
    """Raises Problem 404, 412, 428."""
    try:
        with transaction(context.engine) as connection:
            changed = change(connection, principal, alert_id, wanted, context.clock.now())
            if changed.is_new:
                detail = {name: wanted.values.get(name) for name in NOTED}
                _note(connection, principal, wanted.action, detail, changed.alert)
    except NoAlert as error:
        raise Problem(404, str(error)) from error
    except MustMatch as error:
        raise Problem(428, UNSEEN, {"ETag": error.review.etag}) from error
    except Conflict as error:
        raise Problem(412, str(error), {"ETag": error.review.etag}) from error
    if changed.is_new:
        context.announce_reviews()
    response.headers["ETag"] = changed.review.etag
    return changed.review
