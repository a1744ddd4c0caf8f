"""Tells `reviews.v1` of missed events, and of those that were taken back: a duty.

The message is the state as a whole. A row that was taken back goes once the topic has it.
"""

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import Connection, Engine, delete, select, update

from schemas.ids import DEFAULT_TENANT
from schemas.judgements import LIVE
from schemas.reviews import EventMissed, MissedLevel
from schemas.topics import REVIEWS
from services.api.access.paging import Row
from services.api.learning.tables import missed_events
from services.api.scores.reading import Span, clips_between, series_between
from services.api.tables import sources
from services.chassis.storage.database import transaction
from services.chassis.streaming.publisher import Publishing
from services.chassis.streaming.records import Outgoing
from services.chassis.telemetry import logs

log = logs.get("learning")
RESTS_S = 2.0
AT_ONCE = 100
MOST_CLIPS = 10_000


class MissedAnnouncements:
    """Every step may be broken off and done again."""

    def __init__(self, engine: Engine, publishing: Publishing) -> None:
        self._engine, self._publishing = engine, publishing

    def turn(self) -> float:
        """Publish what is not published yet; seconds until the next look. Raises TransientError."""
        columns = missed_events.c
        together = missed_events.join(sources, sources.c.source_id == columns.source_id)
        query = (
            select(missed_events, sources.c.tenant_id)
            .select_from(together)
            .where(columns.announced_at.is_(None), sources.c.is_being_removed.is_(False))
            .order_by(columns.reported_at)
            .limit(AT_ONCE)
        )
        with transaction(self._engine) as connection:
            rows = connection.execute(query).mappings().all()
            messages = [message_of(connection, row) for row in rows]
        if not rows:
            return RESTS_S
        self._publishing.publish(*(Outgoing(REVIEWS, message) for message in messages))
        with transaction(self._engine) as connection:
            for row in rows:
                _settle(connection, row)
        log.info("missed events announced", count=len(rows))
        return 0.0 if len(rows) == AT_ONCE else RESTS_S


def message_of(connection: Connection, row: Row) -> EventMissed:
    """A row of `missed_events` beside the tenant of its source."""
    withdrawn_at = row["withdrawn_at"]
    span = Span(row["since_at"], row["until_at"])
    levels = () if withdrawn_at else tuple(_levels(connection, row, span))
    return EventMissed(
        event_id=row["event_id"],
        source_id=row["source_id"],
        tenant_id=UUID(row["tenant_id"]) if row["tenant_id"] else DEFAULT_TENANT,
        since=span.since,
        until=span.until,
        label=row["label"],
        levels=levels,
        is_withdrawn=withdrawn_at is not None,
        reported_at=withdrawn_at or row["reported_at"],
    )


def _levels(connection: Connection, row: Row, span: Span) -> Iterator[MissedLevel]:
    """The highest score within, of each head whose rule is called as the event is."""
    tops: dict[str, float] = {}
    for found in series_between(connection, row["source_id"], LIVE, span):
        if found.series.rule != row["label"]:
            continue
        clips = clips_between(connection, found, span, MOST_CLIPS)
        if len(clips):
            top, model_id = float(clips.calibrated_N.max()), found.series.model_id
            tops[model_id] = max(top, tops.get(model_id, 0.0))
    for model_id, level in sorted(tops.items()):
        yield MissedLevel(run=LIVE, model_id=model_id, level=min(max(level, 0.0), 1.0))


def _settle(connection: Connection, row: Row) -> None:
    """What changed meanwhile stays to be published."""
    columns = missed_events.c
    here = columns.event_id == row["event_id"]
    if row["withdrawn_at"]:
        connection.execute(delete(missed_events).where(here, columns.withdrawn_at.is_not(None)))
        return
    same = here, columns.withdrawn_at.is_(None)
    values = {"announced_at": row["reported_at"]}
    connection.execute(update(missed_events).where(*same).values(values))
