"""The projector: topics to tables, a batch of records in one transaction.

Every write is an upsert by a deterministic key, so a replay changes nothing. An analysis is done
when the live run is through with its source and the ends of all its alerts are in: scores and
alerts come on different topics, in no order between them. What never comes, `endings` ends.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from threading import Event

from sqlalchemy import Connection, Engine, and_, exists, func, select, update
from sqlalchemy.exc import DataError

from schemas.base import Message
from schemas.judgements import LIVE
from schemas.policies import PRESENCE
from schemas.topics import (
    ALERTS,
    CALIBRATIONS,
    DELIVERIES,
    HEALTH,
    RECORDINGS,
    REPLAY_PROGRESS,
    SCORES,
    SOURCES,
    VIDEO_PROGRESS,
)
from services.api.calibrations.writing import write_calibrations
from services.api.erasure.queries import not_erased
from services.api.replays.progressing import Progress, removed_runs, write_progress
from services.api.reviews.incidents import group, places_of
from services.api.rows import Rows, rows_for, source_of
from services.api.rules import (
    ALERT_RULES,
    CAMERA_RULES,
    CONDITION_RULES,
    DELIVERY_RULES,
    RUN_RULES,
    SEGMENT_RULES,
    SOURCE_RULES,
    STUB_RULES,
    VIDEO_RULES,
)
from services.api.scores.writing import write_scores
from services.api.sums import scored
from services.api.tables import (
    alerts,
    cameras,
    conditions,
    deliveries,
    removed_sources,
    runs,
    segments,
    sources,
    videos,
)
from services.api.upserts import upsert
from services.chassis.clock import Clock, SystemClock
from services.chassis.errors import InvalidMessage
from services.chassis.storage.database import transaction
from services.chassis.streaming.handler import Handler
from services.chassis.streaming.records import Incoming, Outgoing

TOPICS = (
    SOURCES,
    VIDEO_PROGRESS,
    SCORES,
    ALERTS,
    HEALTH,
    RECORDINGS,
    DELIVERIES,
    CALIBRATIONS,
    REPLAY_PROGRESS,
)
AT_WORK = ("submitted", "decoding", "scoring")


class Projector(Handler):
    """Puts nothing out. A database away is transient; a value that no column takes is invalid."""

    def __init__(self, engine: Engine, clock: Clock | None = None) -> None:
        self._engine = engine
        self._clock = clock or SystemClock()

    def handle(self, batch: Sequence[Incoming], cancelled: Event) -> Iterable[Outgoing]:
        now = self._clock.now()
        told = [item.message for item in batch if item.message is not None]
        messages = [message for message in told if not isinstance(message, Progress)]
        tombstones = [item.record.key for item in batch if _is_removal(item)]
        try:
            with transaction(self._engine) as connection:
                wanted = not_erased(connection, still_wanted(connection, messages))
                rows = rows_for(wanted, now)
                places = places_of(connection, [row["source_id"] for row in rows.configured])
                write(connection, rows, now)
                group(connection, rows.alerts, places)
                hide_removed(connection, tombstones)
                close_finished(connection, _uploads(rows), now)
                write_progress(connection, (each for each in told if isinstance(each, Progress)))
        except (DataError, OverflowError) as error:
            raise InvalidMessage(f"no column takes it: {_reason(error)}") from error
        return ()


def _is_removal(item: Incoming) -> bool:
    return item.message is None and item.record.partition.topic.endswith(SOURCES.name)


def still_wanted(connection: Connection, messages: Sequence[Message]) -> list[Message]:
    """All but those of sources, or of replays, that were removed: what comes late must not bring
    them back.
    """
    names = sorted({source_of(message) for message in messages})
    gone = set(
        connection.scalars(
            select(removed_sources.c.source_id).where(removed_sources.c.source_id.in_(names))
        )
    )
    gone |= set(
        connection.scalars(
            select(sources.c.source_id).where(
                sources.c.source_id.in_(names), sources.c.is_being_removed
            )
        )
    )
    others = sorted({run_of(message) for message in messages} - {LIVE})
    gone_runs = removed_runs(connection, others)
    return [
        message
        for message in messages
        if source_of(message) not in gone and run_of(message) not in gone_runs
    ]


def run_of(message: Message) -> str:
    """To which run a message belongs; what belongs to none is the live one's."""
    return str(getattr(message, "run", LIVE))


def hide_removed(connection: Connection, keys: Sequence[bytes | None]) -> None:
    """Sources that `sources.v1` says are removed, by whomever; the retention duty does the rest."""
    names = sorted({key.decode("utf-8", "replace") for key in keys if key})
    if names:
        theirs = sources.c.source_id.in_(names)
        connection.execute(update(sources).where(theirs).values(is_being_removed=True))


def write(connection: Connection, rows: Rows, now: datetime) -> None:
    upsert(connection, sources, rows.configured, SOURCE_RULES)
    upsert(connection, cameras, rows.cameras, CAMERA_RULES)
    _write_stubs(connection, rows)
    upsert(connection, videos, rows.videos, VIDEO_RULES)
    write_scores(connection, rows.scores, now)
    upsert(connection, runs, list(rows.runs.values()), RUN_RULES)
    upsert(connection, alerts, rows.alerts, ALERT_RULES)
    upsert(connection, conditions, rows.conditions, CONDITION_RULES)
    upsert(connection, segments, rows.segments, SEGMENT_RULES)
    upsert(connection, deliveries, rows.deliveries, DELIVERY_RULES)
    write_calibrations(connection, rows.calibrated)


def _write_stubs(connection: Connection, rows: Rows) -> None:
    """A row for each source that nobody configured here, as after the loss of the tables."""
    known = set(
        connection.scalars(
            select(sources.c.source_id).where(sources.c.source_id.in_(sorted(rows.sources)))
        )
    )
    stubs = [row for name, row in sorted(rows.sources.items()) if name not in known]
    upsert(connection, sources, stubs, STUB_RULES)


def _uploads(rows: Rows) -> list[str]:
    """The uploads whose analysis may be done by this batch, sorted."""
    return sorted(name for name, row in rows.sources.items() if row["source_kind"] == "upload")


def close_finished(connection: Connection, uploads: Sequence[str], now: datetime) -> None:
    """Set `done` on those of the uploads of which everything is in, and say what they miss."""
    if not uploads:
        return
    _count_alerts(connection, uploads)
    over = exists().where(
        runs.c.source_id == videos.c.video_id,
        runs.c.run == LIVE,
        runs.c.is_over,
        runs.c.alerts_closed >= runs.c.alerts_opened,
    )
    at_work = and_(videos.c.video_id.in_(uploads), videos.c.state.in_(AT_WORK))
    connection.execute(
        update(videos)
        .where(at_work, over)
        .values(state="done", error=None, decoded=1.0, finished_at=now)
    )
    whole = and_(videos.c.video_id.in_(uploads), videos.c.note.is_not(None), over)
    connection.execute(update(videos).where(whole).values(note=None))
    say_what_is_missing(connection, uploads)


def _count_alerts(connection: Connection, uploads: Sequence[str]) -> None:
    of_run = and_(
        alerts.c.source_id == runs.c.source_id,
        alerts.c.run == runs.c.run,
        alerts.c.model_id != PRESENCE,  # the scores that say how many there are do not count them
    )
    # Correlated outright: SQLAlchemy would count the alerts of all videos.
    seen = select(func.count()).select_from(alerts).where(of_run).correlate(runs)
    closed = seen.where(alerts.c.state == "closed")
    connection.execute(
        update(runs)
        .where(runs.c.source_id.in_(uploads))
        .values(alerts_seen=seen.scalar_subquery(), alerts_closed=closed.scalar_subquery())
    )


def say_what_is_missing(connection: Connection, uploads: Sequence[str]) -> None:
    """Of uploads that are done: how many of their clips have no score."""
    done = and_(videos.c.video_id.in_(uploads), videos.c.state == "done")
    query = select(videos.c.video_id, videos.c.clip_count, videos.c.clips_missing).where(done)
    rows = connection.execute(query).all()
    sums = scored(connection, [row.video_id for row in rows], LIVE)
    for row in rows:
        of_video = sums.get(row.video_id)
        missing = max(0, row.clip_count - (of_video.clips if of_video else 0))
        if missing != row.clips_missing:
            mine = videos.c.video_id == row.video_id
            connection.execute(update(videos).where(mine).values(clips_missing=missing))


def _reason(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).splitlines()[0]
