"""Changes of reviews: one place that locks, compares, writes, and keeps the history.

Two people at once take turns on the row. Whoever shows the version they saw (If-Match) is refused
when another came first; without one a change may only fill what is empty, or change one's own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert, select

from services.api.principal import Principal, visible
from services.api.reviews.incidents import recount
from services.api.reviews.tables import review_history, reviews
from services.api.reviews.views import Action, ReviewView
from services.api.tables import alerts, sources
from services.api.upserts import keep, replace, upsert

Row = Mapping[Any, Any]
STATE = (
    "acknowledged_at",
    "acknowledged_by",
    "assigned_to",
    "assigned_by",
    "verdict",
    "reason",
    "judged_by",
)
EMPTY: dict[str, Any] = dict.fromkeys(STATE)


class NoAlert(Exception):
    """There is none of that id, or it is not theirs."""


class Conflict(Exception):
    """Somebody else came first. Carries the review as it is."""

    def __init__(self, review: ReviewView) -> None:
        super().__init__("Somebody else has changed it meanwhile: fetch it again.")
        self.review = review


class MustMatch(Conflict):
    """It would take away what another person said, unseen."""


@dataclass(frozen=True)
class Change:
    """What is to become of a review. `values` are columns of STATE."""

    action: Action
    values: Mapping[str, Any]
    guard: str | None = None
    """The column that names whose word would be overwritten."""
    match: str | None = None
    """If-Match as it came; None: not given."""
    batch_id: UUID | None = None
    keeps_first: bool = False
    """Whoever said it first stays: nothing is changed then."""


@dataclass(frozen=True)
class Step:
    """From one state of an alert's review, at `version`, to the next."""

    alert: Row = field(repr=False)
    version: int
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True)
class Changed:
    """The review as it is now, and whether it was changed."""

    review: ReviewView
    is_new: bool
    alert: Row = field(repr=False)


def change(
    connection: Connection, principal: Principal, alert_id: UUID, wanted: Change, now: datetime
) -> Changed:
    """In the caller's transaction. Asking for what is so already changes nothing.

    Raises NoAlert, Conflict, MustMatch.
    """
    alert = visible_alert(connection, principal, alert_id)
    before = locked(connection, [alert], now)[str(alert_id)]
    state = {name: before[name] for name in STATE}
    review = review_of(before)
    _require_match(review, wanted.match)
    is_said = wanted.keeps_first and state[wanted.guard or ""] is not None
    if is_said or all(state[name] == value for name, value in wanted.values.items()):
        return Changed(review, False, alert)
    _require_own(review, state, wanted, principal.actor.name)
    step = Step(alert, review.version, state, state | dict(wanted.values))
    write(connection, [step], wanted.action, principal, now, wanted.batch_id)
    return Changed(review_of(step.after | {"version": review.version + 1}), True, alert)


def visible_alert(connection: Connection, principal: Principal, alert_id: UUID) -> Row:
    """Raises NoAlert."""
    seen = alerts.join(sources, sources.c.source_id == alerts.c.source_id)
    query = (
        select(alerts, sources.c.tenant_id, sources.c.store_id)
        .select_from(seen)
        .where(alerts.c.alert_id == str(alert_id), visible(principal))
    )
    row = connection.execute(query).mappings().first()
    if row is None:
        raise NoAlert(f"There is no alert {alert_id}.")
    return row


def latest_change(connection: Connection, alert_id: UUID) -> Row | None:
    """The latest entry of the history: its `state_before` is what an undo returns to."""
    columns = review_history.c
    query = (
        select(review_history)
        .where(columns.alert_id == str(alert_id))
        .order_by(columns.version.desc())
        .limit(1)
    )
    return connection.execute(query).mappings().first()


def restored(plain: Mapping[str, Any]) -> dict[str, Any]:
    """A state as the history keeps it, as columns take it."""
    moment = plain["acknowledged_at"]
    return dict(plain) | {"acknowledged_at": datetime.fromisoformat(moment) if moment else None}


def review_of(row: Row) -> ReviewView:
    return ReviewView(version=row["version"], **{name: row[name] for name in STATE})


def locked(connection: Connection, found: Sequence[Row], now: datetime) -> dict[str, Row]:
    """The reviews of alerts by id, made where there are none; locked until the transaction ends."""
    blank = EMPTY | {"version": 0, "reviewed_at": now, "announced_at": now}
    upsert(connection, reviews, [_subject(alert) | blank for alert in found], {"version": keep})
    theirs = reviews.c.alert_id.in_([alert["alert_id"] for alert in found])
    query = select(reviews).where(theirs).order_by(reviews.c.alert_id).with_for_update()
    return {row["alert_id"]: row for row in connection.execute(query).mappings()}


def write(
    connection: Connection,
    steps: Sequence[Step],
    action: Action,
    principal: Principal,
    now: datetime,
    batch_id: UUID | None = None,
) -> None:
    """The reviews as they shall be, their history, and the incidents that wait for a verdict. The
    rows are locked already.
    """
    rows = [
        _subject(step.alert)
        | dict(step.after)
        | {"version": step.version + 1, "reviewed_at": now, "announced_at": None}
        for step in steps
    ]
    columns = [column.name for column in reviews.columns if not column.primary_key]
    upsert(connection, reviews, rows, dict.fromkeys(columns, replace))
    history = [
        {
            "alert_id": step.alert["alert_id"],
            "version": step.version + 1,
            "source_id": step.alert["source_id"],
            "action": action,
            "person": principal.actor.name,
            "state_before": _plain(step.before),
            "state_after": _plain(step.after),
            "batch_id": str(batch_id) if batch_id else None,
            "changed_at": now,
        }
        for step in steps
    ]
    if history:
        connection.execute(insert(review_history), history)
    judged = [step for step in steps if step.before["verdict"] != step.after["verdict"]]
    recount(connection, [step.alert["incident_id"] for step in judged])


def _subject(alert: Row) -> dict[str, Any]:
    """What the alert was, as far as training needs it."""
    names = "alert_id source_id run rule label model_id started_at ended_at"
    return {name: alert[name] for name in names.split()}


def _require_match(review: ReviewView, match: str | None) -> None:
    if match is None or match.strip() == "*":
        return
    shown = {tag.strip().removeprefix("W/") for tag in match.split(",")}
    if review.etag not in shown:
        raise Conflict(review)


def _require_own(review: ReviewView, state: Mapping[str, Any], wanted: Change, person: str) -> None:
    if wanted.match is not None or wanted.guard is None:
        return
    if state[wanted.guard] not in (None, person):
        raise MustMatch(review)


def _plain(state: Mapping[str, Any]) -> dict[str, Any]:
    moment = state["acknowledged_at"]
    return dict(state) | {"acknowledged_at": moment.isoformat() if moment else None}
