"""Legal hold: what is held stays, however old, however full the store, until it is let go of.

A hold is a stretch of a source: of a camera from one moment to another, of an upload all. That of
an alert is the stretch around it. A row here says so to the API; `keeping.v1` says it to those who
record and cut; and of an alert an object in the store says it as well, so that nothing that is read
from topics takes its evidence away.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    delete,
    exists,
    not_,
    or_,
    select,
    true,
    update,
)

from services.api.scores.series import EPOCH
from services.api.tables import alerts, holds, score_blocks, score_hours, score_series
from services.api.upserts import keep, replace, upsert

MARGIN = timedelta(minutes=2)
"""So much around a held episode is kept of the camera's recordings."""

EVER = datetime(9999, 1, 1, tzinfo=UTC)
"""Where a hold without an end ends."""

LONGEST_BLOCK = timedelta(days=2)
"""No block of scores covers more time."""

MOST_AT_ONCE = 100
"""Holds of one source in one condition; a source has a handful."""


def hold_alert(connection: Connection, alert: Any, values: dict[str, Any]) -> None:
    """`values` say who holds it, why and for whom. Again changes only these and the time."""
    row = values | {
        "hold_id": str(alert.alert_id),
        "source_id": str(alert.source_id),
        "is_of_alert": True,
        "since_at": alert.started_at - MARGIN,
        "until_at": alert.ended_at + MARGIN,
    }
    rules = dict.fromkeys(("reason", "held_by", "held_at", "until_at"), replace)
    upsert(connection, holds, [row], rules | {"tenant_id": keep})


def release(connection: Connection, hold_id: UUID) -> None:
    connection.execute(delete(holds).where(holds.c.hold_id == str(hold_id)))


def follow_alerts(connection: Connection) -> None:
    """Alerts that went on since they were held: their holds do as well."""
    together = holds.join(alerts, alerts.c.alert_id == holds.c.hold_id)
    query = select(holds.c.hold_id, holds.c.until_at, alerts.c.ended_at).select_from(together)
    for row in connection.execute(query.where(holds.c.is_of_alert)).all():
        if row.until_at < row.ended_at + MARGIN:
            mine = holds.c.hold_id == row.hold_id
            connection.execute(update(holds).where(mine).values(until_at=row.ended_at + MARGIN))


def is_free(source_id: Any, begin: Any, end: Any) -> ColumnElement[bool]:
    """The condition on rows of a source that last from one moment to another: nobody holds them."""
    return not_(
        exists().where(
            holds.c.source_id == source_id, holds.c.since_at < end, holds.c.until_at > begin
        )
    )


def is_alert_free(alert_id: Any) -> ColumnElement[bool]:
    """The condition on a column of alert ids: nobody holds that alert, or when it was."""
    together = alerts.join(holds, holds.c.source_id == alerts.c.source_id)
    held = (
        select(alerts.c.alert_id)
        .select_from(together)
        .where(holds.c.since_at < alerts.c.ended_at, holds.c.until_at > alerts.c.started_at)
    )
    free: ColumnElement[bool] = alert_id.not_in(held)
    return free


def is_source_free(source_id: Any) -> ColumnElement[bool]:
    """The condition on a column of source ids: nothing of the source is held."""
    free: ColumnElement[bool] = source_id.not_in(select(holds.c.source_id))
    return free


def holding(
    connection: Connection, source_id: str, since: datetime = EPOCH, until: datetime = EVER
) -> list[Any]:
    """The holds of a source that touch a stretch, the latest first; ten at most."""
    query = select(holds).where(
        holds.c.source_id == source_id, holds.c.since_at < until, holds.c.until_at > since
    )
    return list(connection.execute(query.order_by(holds.c.held_at.desc()).limit(10)).all())


def named(found: list[Any]) -> str:
    """A sentence of those holds."""
    shown = [f"{'alert' if row.is_of_alert else 'hold'} {row.hold_id}" for row in found]
    return f"Under legal hold: {', '.join(shown)}."


def free_scores(connection: Connection) -> dict[str, list[ColumnElement[bool]]]:
    """By the name of a table the conditions on its free rows: those of series of which nothing is
    held, and of each source of which something is.
    """
    rows = connection.execute(
        select(holds.c.source_id, holds.c.since_at, holds.c.until_at).order_by(holds.c.source_id)
    ).all()
    by_source: dict[str, list[Any]] = {}
    for row in rows:
        by_source.setdefault(row.source_id, []).append(row)
    found: dict[str, list[ColumnElement[bool]]] = {}
    for table, touches in ((score_blocks, _touches_block), (score_hours, _touches_hour)):
        of_held = select(score_series.c.series_id).where(score_series.c.source_id.in_(by_source))
        conditions: list[ColumnElement[bool]] = [true()]
        if by_source:
            conditions = [table.c.series_id.not_in(of_held)]
        for source_id, held in by_source.items():
            series = select(score_series.c.series_id).where(score_series.c.source_id == source_id)
            mine = table.c.series_id.in_(series)
            if len(held) <= MOST_AT_ONCE:
                conditions.append(and_(mine, not_(or_(*map(touches, held)))))
        found[table.name] = conditions
    return found


def _touches_block(held: Any) -> ColumnElement[bool]:
    until = held.until_at + LONGEST_BLOCK if held.until_at < EVER else held.until_at
    return and_(score_blocks.c.ends_at > held.since_at, score_blocks.c.ends_at < until)


def _touches_hour(held: Any) -> ColumnElement[bool]:
    first, last = ((at - EPOCH) // timedelta(hours=1) for at in (held.since_at, held.until_at))
    return score_hours.c.hour.between(first, last)
