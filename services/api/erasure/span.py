"""What of a source lies in a stretch of time: alerts, objects, rows."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, delete, select, update

from schemas.ids import evidence_prefix, segment_prefix, segment_started_at
from services.api.albums.tables import album_items
from services.api.erasure.scores import erase_scores
from services.api.keeping.tables import evidence_sizes
from services.api.learning.tables import missed_events
from services.api.queries.recordings import LONGEST_SEGMENT
from services.api.reviews.tables import comments, review_history, reviews
from services.api.scores.reading import Span
from services.api.tables import alerts, deliveries, runs, segments
from services.chassis.storage.objects import ObjectInfo, ObjectStore

OF_ALERTS = (deliveries, reviews, review_history, comments, evidence_sizes, alerts)
MOST_IDS = 400


def alerts_in(connection: Connection, source_id: str, span: Span) -> list[str]:
    """Of all runs, that touch the span."""
    return list(connection.scalars(select(alerts.c.alert_id).where(_touching(source_id, span))))


def _touching(source_id: str, span: Span) -> ColumnElement[bool]:
    return and_(
        alerts.c.source_id == source_id,
        alerts.c.started_at < span.until,
        alerts.c.ended_at >= span.since,
    )


def recorded_objects(
    store: ObjectStore, segment_rows: Sequence[Any], source_id: UUID, span: Span
) -> Iterator[ObjectInfo]:
    """Segments in the store that touch the span, whole. Where nobody knows the end of one that
    began before it, the one is taken for touching it. Raises TransientError.
    """
    ends = {row.started_at: row.ended_at for row in segment_rows}
    for info in store.list(segment_prefix(source_id)):
        begin = segment_started_at(info.key)
        if begin < span.until and ends.get(begin, begin + LONGEST_SEGMENT) > span.since:
            yield info


def evidence_objects(store: ObjectStore, alert_ids: Sequence[str]) -> Iterator[ObjectInfo]:
    """Raises TransientError."""
    for alert_id in alert_ids:
        yield from store.list(evidence_prefix(UUID(alert_id)))


def segments_in(connection: Connection, source_id: str, span: Span) -> Sequence[Any]:
    query = select(segments.c.segment_id, segments.c.started_at, segments.c.ended_at).where(
        segments.c.source_id == source_id,
        segments.c.started_at >= span.since - LONGEST_SEGMENT,
        segments.c.started_at < span.until,
    )
    return connection.execute(query).all()


def erase_rows(
    connection: Connection, source_id: str, span: Span, alert_ids: Sequence[str]
) -> dict[str, int]:
    """By what they were how many went. Conditions stay: that a camera was dark shows nobody."""
    counts = {"scores": erase_scores(connection, source_id, span)}
    for table in OF_ALERTS:
        counts[table.name] = sum(
            connection.execute(delete(table).where(table.c.alert_id.in_(some))).rowcount
            for some in _some(alert_ids)
        )
    gone = and_(
        segments.c.source_id == source_id,
        segments.c.started_at < span.until,
        segments.c.ended_at > span.since,
    )
    counts["segments"] = connection.execute(delete(segments).where(gone)).rowcount
    moments = and_(
        album_items.c.source_id == source_id,
        album_items.c.from_at < span.until,
        album_items.c.to_at > span.since,
    )
    counts["album_items"] = connection.execute(delete(album_items).where(moments)).rowcount
    events = and_(
        missed_events.c.source_id == source_id,
        missed_events.c.since_at < span.until,
        missed_events.c.until_at > span.since,
    )
    counts["missed_events"] = connection.execute(delete(missed_events).where(events)).rowcount
    latest = and_(runs.c.source_id == source_id, _within(runs.c.last_at, span))
    connection.execute(update(runs).where(latest).values(last_score=None))
    return {name: count for name, count in counts.items() if count}


def _some(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), MOST_IDS):
        yield names[start : start + MOST_IDS]


def _within(moment: ColumnElement[datetime], span: Span) -> ColumnElement[bool]:
    return and_(moment >= span.since, moment < span.until)
