"""The projector: topics to tables, a batch of records in one transaction.

Every write is an upsert by a deterministic id, so a replay changes nothing. An analysis is done
when its last clip's score, every score before it, and the ends of all its alerts are in: scores
and alerts come on different topics, in no order between them.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from threading import Event

from sqlalchemy import Connection, Engine, and_, exists, func, select, update
from sqlalchemy.exc import DataError, InterfaceError, OperationalError

from schemas.topics import ALERTS, DELIVERIES, SCORES, VIDEO_PROGRESS
from services.api.rows import Rows, rows_for
from services.api.rules import ALERT_RULES, CLIP_RULES, DELIVERY_RULES, VIDEO_RULES
from services.api.tables import alerts, clips, deliveries, videos
from services.api.upserts import upsert
from services.chassis.clock import Clock, SystemClock
from services.chassis.errors import InvalidMessage, TransientError
from services.chassis.streaming.handler import Handler
from services.chassis.streaming.records import Incoming, Outgoing

TOPICS = (VIDEO_PROGRESS, SCORES, ALERTS, DELIVERIES)
AT_WORK = ("submitted", "decoding", "scoring")


class Projector(Handler):
    """Puts nothing out. A database away is transient; a value that no column takes is invalid."""

    def __init__(self, engine: Engine, clock: Clock | None = None) -> None:
        self._engine = engine
        self._clock = clock or SystemClock()

    def handle(self, batch: Sequence[Incoming], cancelled: Event) -> Iterable[Outgoing]:
        now = self._clock.now()
        rows = rows_for((item.message for item in batch), now)
        try:
            with self._engine.begin() as connection:
                write(connection, rows)
                close_finished(connection, rows.sources, now)
        except (DataError, OverflowError) as error:
            raise InvalidMessage(f"no column takes it: {_reason(error)}") from error
        except (OperationalError, InterfaceError) as error:
            raise TransientError(f"database: {_reason(error)}") from error
        return ()


def write(connection: Connection, rows: Rows) -> None:
    upsert(connection, videos, rows.videos, VIDEO_RULES)
    upsert(connection, clips, rows.clips, CLIP_RULES)
    upsert(connection, alerts, rows.alerts, ALERT_RULES)
    upsert(connection, deliveries, rows.deliveries, DELIVERY_RULES)


def close_finished(connection: Connection, sources: Sequence[str], now: datetime) -> None:
    """Set `done` on those of the sources of which everything is in, and sum up those that are."""
    if not sources:
        return
    candidates = and_(videos.c.video_id.in_(sources), videos.c.state.in_(AT_WORK))
    last = clips.alias("last")
    # Said outright: inside `exists` SQLAlchemy would count the clips and alerts of all videos.
    scored = (
        select(func.count())
        .where(clips.c.source_id == videos.c.video_id)
        .correlate(videos)
        .scalar_subquery()
    )
    closed = (
        select(func.count())
        .where(alerts.c.source_id == videos.c.video_id, alerts.c.state == "closed")
        .correlate(videos)
        .scalar_subquery()
    )
    whole = exists().where(
        last.c.source_id == videos.c.video_id,
        last.c.is_last,
        last.c.position + 1 == scored,
        last.c.alerts_opened <= closed,
    )
    connection.execute(
        update(videos)
        .where(candidates, whole)
        .values(state="done", error=None, decoded=1.0, finished_at=now)
    )
    top = select(func.max(clips.c.calibrated)).where(clips.c.source_id == videos.c.video_id)
    connection.execute(
        update(videos)
        .where(videos.c.video_id.in_(sources), videos.c.state == "done")
        .values(clip_count=scored, top_score=top.scalar_subquery())
    )


def _reason(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).splitlines()[0]
