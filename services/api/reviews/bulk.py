"""Many alerts acknowledged at once, and that undone again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, and_, select

from services.api.principal import Principal, visible
from services.api.reviews.changes import STATE, Row, Step, locked, restored, write
from services.api.reviews.tables import review_history, reviews
from services.api.reviews.views import VerdictEntry
from services.api.tables import alerts, sources

AT_ONCE = 1000


@dataclass(frozen=True)
class Batch:
    changed: int
    more: bool


def acknowledge_all(
    connection: Connection,
    principal: Principal,
    wanted: Select[Any],
    batch_id: UUID,
    now: datetime,
) -> Batch:
    """Of the alerts of `wanted` (see `unacknowledged`) AT_ONCE at most, in one transaction."""
    found = connection.execute(wanted.limit(AT_ONCE + 1)).mappings().all()
    some = found[:AT_ONCE]
    before = locked(connection, some, now) if some else {}
    mine = {"acknowledged_at": now, "acknowledged_by": principal.actor.name}
    steps = [
        step
        for alert in some
        if (step := _step(alert, before[alert["alert_id"]], mine)) is not None
    ]
    write(connection, steps, "acknowledged", principal, now, batch_id)
    return Batch(len(steps), len(found) > AT_ONCE)


def judge_all(
    connection: Connection,
    principal: Principal,
    incident_id: UUID,
    entry: VerdictEntry,
    batch_id: UUID,
    now: datetime,
) -> Batch:
    """The alerts of an incident that have no verdict yet, AT_ONCE at most."""
    query = _alerts(principal).where(alerts.c.incident_id == str(incident_id))
    found = connection.execute(query.order_by(alerts.c.alert_id).limit(AT_ONCE + 1)).mappings()
    some = found.all()
    before = locked(connection, some[:AT_ONCE], now) if some else {}
    verdict = entry.model_dump() | {"judged_by": principal.actor.name}
    steps = [
        Step(alert, row["version"], _state(row), _state(row) | verdict)
        for alert in some[:AT_ONCE]
        if (row := before[alert["alert_id"]])["verdict"] is None
    ]
    write(connection, steps, "judged", principal, now, batch_id)
    return Batch(len(steps), len(some) > AT_ONCE)


def undo(connection: Connection, principal: Principal, batch_id: UUID, now: datetime) -> Batch:
    """What nobody changed since, AT_ONCE at most, is as it was before the batch."""
    same = and_(
        review_history.c.alert_id == reviews.c.alert_id,
        review_history.c.version == reviews.c.version,
    )
    query = (
        _alerts(principal)
        .join(review_history, review_history.c.alert_id == alerts.c.alert_id)
        .join(reviews, same)
        .add_columns(review_history.c.state_before, review_history.c.version)
        .where(review_history.c.batch_id == str(batch_id))
        .order_by(alerts.c.alert_id)
        .limit(AT_ONCE + 1)
    )
    found = connection.execute(query).mappings().all()
    some = found[:AT_ONCE]
    rows = locked(connection, some, now) if some else {}
    steps = [
        Step(alert, alert["version"], _state(rows[alert["alert_id"]]), _before(alert))
        for alert in some
        if rows[alert["alert_id"]]["version"] == alert["version"]
    ]
    write(connection, steps, "undone", principal, now)
    return Batch(len(steps), len(found) > AT_ONCE)


def is_batch(connection: Connection, principal: Principal, batch_id: UUID) -> bool:
    """Whether alerts that the principal may see were acknowledged by it."""
    together = review_history.join(sources, sources.c.source_id == review_history.c.source_id)
    query = (
        select(review_history.c.alert_id)
        .select_from(together)
        .where(review_history.c.batch_id == str(batch_id), visible(principal))
    )
    return connection.execute(query.limit(1)).first() is not None


def unacknowledged(principal: Principal) -> Select[Any]:
    """The alerts that the principal may see and nobody has acknowledged, for `acknowledge_all`."""
    reviewed = _alerts(principal).outerjoin(reviews, reviews.c.alert_id == alerts.c.alert_id)
    order = alerts.c.started_at.desc(), alerts.c.alert_id
    return reviewed.where(reviews.c.acknowledged_at.is_(None)).order_by(*order)


def named(wanted: Select[Any], alert_ids: Sequence[UUID]) -> Select[Any]:
    return wanted.where(alerts.c.alert_id.in_([str(alert_id) for alert_id in alert_ids]))


def _alerts(principal: Principal) -> Select[Any]:
    together = alerts.join(sources, sources.c.source_id == alerts.c.source_id)
    columns = sources.c.tenant_id, sources.c.store_id
    return select(alerts, *columns).select_from(together).where(visible(principal))


def _step(alert: Row, row: Row, values: dict[str, Any]) -> Step | None:
    state = _state(row)
    if state["acknowledged_at"] is not None:
        return None
    return Step(alert, row["version"], state, state | values)


def _state(row: Row) -> dict[str, Any]:
    return {name: row[name] for name in STATE}


def _before(alert: Row) -> dict[str, Any]:
    return restored(alert["state_before"])
