"""What the table of attempts has of targets: who fails, how long, and whether others do too."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, select

from schemas.targets import ChannelName
from services.api.tables import deliveries
from services.api.targets.failing import Failures
from services.api.targets.tables import targets

Row = Mapping[Any, Any]
LOGIN_REFUSED = (530, 534, 535, 538)
"""What a mail server answers when the operator's own login is at fault (RFC 4954)."""


def failing_lately(connection: Connection, since: datetime) -> list[Row]:
    """The targets in force of which an attempt failed since then."""
    lately = exists().where(
        deliveries.c.target_id == targets.c.target_id,
        deliveries.c.attempted_at > since,
        deliveries.c.outcome != "delivered",
    )
    in_force = targets.c.is_enabled.is_(True), targets.c.is_removed.is_(False)
    return list(connection.execute(select(targets).where(*in_force, lately)).mappings().all())


def latest(connection: Connection, target: Row) -> Row | None:
    """The latest attempt that began since the target was changed."""
    order = deliveries.c.attempted_at.desc(), deliveries.c.attempt.desc()
    query = select(deliveries).where(_since_changed(target)).order_by(*order).limit(1)
    row = connection.execute(query).mappings().first()
    if row is None:
        return None
    took_s = row["took_ms"] / 1000
    began = row["attempted_at"].timestamp() - took_s
    return row if began >= target["changed_at"].timestamp() else None


def failures(connection: Connection, target: Row) -> Failures | None:
    """What failed since anything got through; None when nothing did."""
    since = _since_changed(target)
    got_through = select(func.max(deliveries.c.attempted_at)).where(
        since, deliveries.c.outcome == "delivered"
    )
    delivered_at = connection.scalar(got_through)
    counted = and_(since, _counts(target["channel"]))
    if delivered_at is not None:
        counted = and_(counted, deliveries.c.attempted_at > delivered_at)
    query = select(
        func.count(deliveries.c.delivery_id.distinct()),
        func.min(deliveries.c.attempted_at),
        func.max(deliveries.c.attempted_at),
        func.count(deliveries.c.status),
    ).where(counted)
    count, first_at, last_at, answered = connection.execute(query).one()
    if not count:
        return None
    detail = select(deliveries.c.detail).where(counted, deliveries.c.attempted_at == last_at)
    said = connection.scalar(detail.limit(1)) or ""
    return Failures(count, first_at, last_at, answered > 0, said)


def others_reached(connection: Connection, target: Row, during: Failures) -> bool:
    """Whether anybody else was reached meanwhile. Mail does not count: the way to the operator's
    own mail server says nothing of that to elsewhere.
    """
    found = exists().where(
        deliveries.c.attempted_at.between(during.first_at, during.last_at),
        deliveries.c.outcome == "delivered",
        deliveries.c.channel != "email",
        deliveries.c.target_id != target["target_id"],
    )
    return bool(connection.scalar(select(found)))


def _since_changed(target: Row) -> ColumnElement[bool]:
    return and_(
        deliveries.c.target_id == target["target_id"],
        deliveries.c.attempted_at >= target["changed_at"],
    )


def _counts(channel: ChannelName) -> ColumnElement[bool]:
    """Of mail only the recipient's refusal for good: all else is between us and our server."""
    if channel != "email":
        return deliveries.c.outcome != "delivered"
    return and_(
        deliveries.c.outcome == "failed",
        deliveries.c.status.between(500, 599),
        deliveries.c.status.not_in(LOGIN_REFUSED),
    )
