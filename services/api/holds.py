"""Legal hold: what is kept of an alert stays, however old, until somebody lets go of it.

A row here says so to the API, an object in the store to the alerts service, which deletes evidence
too. Both are written by the API, so nothing that is read from topics takes a hold away.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, delete, not_, or_, select, true

from services.api.tables import alerts, holds, segments
from services.api.upserts import replace, upsert

MARGIN = timedelta(minutes=2)
"""So much around a held episode is kept of the camera's recordings."""


def hold(connection: Connection, alert_id: UUID, source_id: UUID, now: datetime) -> None:
    """Again changes nothing but the time."""
    row = {"alert_id": str(alert_id), "source_id": str(source_id), "held_at": now}
    upsert(connection, holds, [row], {"held_at": replace})


def release(connection: Connection, alert_id: UUID) -> None:
    connection.execute(delete(holds).where(holds.c.alert_id == str(alert_id)))


def is_free(alert_id: Any) -> ColumnElement[bool]:
    """The condition on a column of alert ids: nobody holds the alert."""
    free: ColumnElement[bool] = alert_id.not_in(select(holds.c.alert_id))
    return free


def is_source_free(source_id: Any) -> ColumnElement[bool]:
    """The condition on a column of source ids: no alert of the source is held."""
    free: ColumnElement[bool] = source_id.not_in(select(holds.c.source_id))
    return free


def has_held(connection: Connection, source_id: UUID) -> bool:
    """Whether an alert of the source is held: then the source may not be removed."""
    query = select(holds.c.alert_id).where(holds.c.source_id == str(source_id)).limit(1)
    return connection.execute(query).first() is not None


def free_segments(connection: Connection) -> ColumnElement[bool]:
    """The condition on `segments`: they belong to no held episode. Holds are few."""
    query = select(alerts.c.source_id, alerts.c.started_at, alerts.c.ended_at).where(
        alerts.c.alert_id.in_(select(holds.c.alert_id))
    )
    needed = [
        and_(
            segments.c.source_id == row.source_id,
            segments.c.started_at < row.ended_at + MARGIN,
            segments.c.ended_at > row.started_at - MARGIN,
        )
        for row in connection.execute(query)
    ]
    return not_(or_(*needed)) if needed else true()
