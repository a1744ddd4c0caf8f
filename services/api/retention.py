"""Lets go of what is older than it is to be kept: a duty."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Table, and_, delete, select, tuple_

from services.api import holds, idempotency
from services.api.access import throttling
from services.api.access.credentials import idempotent_requests, login_failures
from services.api.access.tables import invitations, sessions
from services.api.config import Keeping
from services.api.erasure.tables import erasures
from services.api.removal import Removal
from services.api.reviews.expiry import old_incidents, old_reviews
from services.api.reviews.tables import (
    acknowledge_tickets,
    comments,
    incidents,
    review_history,
    reviews,
)
from services.api.scores.series import EPOCH
from services.api.tables import (
    alerts,
    conditions,
    deliveries,
    removed_sources,
    score_blocks,
    score_hours,
    score_series,
    segments,
    sources,
    videos,
)
from services.chassis.clock import Clock
from services.chassis.storage.database import transaction
from services.chassis.telemetry import logs

log = logs.get("retention")
RESTS_S = 600.0
AT_ONCE = 500
VIDEOS_AT_ONCE = 20
REMEMBERED_FOR = timedelta(days=31)
"""No topic but the alerts' speaks of a removed source any longer."""

NO_UPLOAD_TAKES = timedelta(days=1)
SWEPT_FOR = timedelta(hours=2)
"""So long whoever was at work on a removed source may still put an object down."""


class Retention:
    """Every step may be broken off and done again."""

    def __init__(self, engine: Engine, removal: Removal, clock: Clock, keeping: Keeping) -> None:
        self._engine, self._removal, self._clock = engine, removal, clock
        self._keeping = keeping
        self._evidence_until: datetime | None = None

    def turn(self) -> float:
        """One bounded step of each kind; seconds until the next. Raises TransientError."""
        now = self._clock.now()
        steps: tuple[Callable[[datetime], bool], ...] = (
            self._finish_removals,
            self._sweep_removed,
            self._expire_videos,
            self._expire_scores,
            self._expire_maxima,
            self._expire_evidence,
            self._expire_alerts,
            self._expire_reviews,
            self._expire_conditions,
            self._expire_recordings,
            self._expire_sessions,
            self._give_back_parts,
        )
        more = [step(now) for step in steps]
        return 0.0 if any(more) else RESTS_S

    def _finish_removals(self, now: datetime) -> bool:
        """Those that broke off in the middle; what is being erased is removed for its proof."""
        erasing = select(erasures.c.source_id).where(erasures.c.completed_at.is_(None))
        query = select(sources.c.source_id).where(
            sources.c.is_being_removed, sources.c.source_id.not_in(erasing)
        )
        names = self._names(query.limit(VIDEOS_AT_ONCE))
        for name in names:
            self._removal.remove(UUID(name), now)
        return len(names) == VIDEOS_AT_ONCE

    def _sweep_removed(self, now: datetime) -> bool:
        columns = removed_sources.c
        query = select(columns.source_id, columns.alert_ids).where(
            columns.removed_at > now - SWEPT_FOR
        )
        with transaction(self._engine) as connection:
            rows = connection.execute(query).all()
            old = columns.removed_at < now - REMEMBERED_FOR
            connection.execute(delete(removed_sources).where(old))
        for row in rows:
            self._removal.remove_objects(row.source_id, row.alert_ids)
        return False

    def _expire_videos(self, now: datetime) -> bool:
        if self._keeping.videos is None:
            return False
        query = (
            select(videos.c.video_id)
            .where(
                videos.c.submitted_at < now - self._keeping.videos,
                holds.is_source_free(videos.c.video_id),
            )
            .order_by(videos.c.submitted_at)
            .limit(VIDEOS_AT_ONCE)
        )
        names = self._names(query)
        for name in names:
            self._removal.remove(UUID(name), now)
            log.info("video expired", video=name)
        return len(names) == VIDEOS_AT_ONCE

    def _expire_scores(self, now: datetime) -> bool:
        if self._keeping.scores is None:
            return False
        old = score_blocks.c.ends_at < now - self._keeping.scores
        return self._delete(score_blocks, old)

    def _expire_maxima(self, now: datetime) -> bool:
        if self._keeping.maxima is None:
            return False
        until = now - self._keeping.maxima
        more = self._delete(score_hours, score_hours.c.hour < (until - EPOCH) // timedelta(hours=1))
        return self._delete(score_series, score_series.c.last_at < until) or more

    def _expire_alerts(self, now: datetime) -> bool:
        if self._keeping.maxima is None:
            return False
        until = now - self._keeping.maxima
        more = self._delete(deliveries, deliveries.c.attempted_at < until)
        old = and_(alerts.c.started_at < until, holds.is_free(alerts.c.alert_id))
        more = self._delete(alerts, old) or more
        return self._delete(incidents, old_incidents(until)) or more

    def _expire_reviews(self, now: datetime) -> bool:
        """Once neither the alert is kept nor its evidence: until then they train heads."""
        self._delete(acknowledge_tickets, acknowledge_tickets.c.expires_at < now)
        kept = self._keeping.maxima, self._keeping.evidence
        if None in kept:
            return False
        until = now - max(span for span in kept if span is not None)
        names = self._names(old_reviews(until))
        tables = comments, review_history, reviews  # the review itself goes last
        more = any(self._delete(table, table.c.alert_id.in_(names)) for table in tables)
        return more or len(names) == AT_ONCE

    def _expire_conditions(self, now: datetime) -> bool:
        if self._keeping.maxima is None:
            return False
        until = now - self._keeping.maxima
        return self._delete(conditions, conditions.c.started_at < until)

    def _expire_recordings(self, now: datetime) -> bool:
        """Segments that lie in the store, and what the tables tell of those that are gone."""
        if self._keeping.recordings is None:
            return False
        old = segments.c.ended_at < now - self._keeping.recordings
        query = select(segments.c.segment_id, segments.c.object_key).where(old)
        with transaction(self._engine) as connection:
            query = query.where(holds.free_segments(connection))
            rows = connection.execute(query.order_by(segments.c.ended_at).limit(AT_ONCE)).all()
        for row in rows:
            if row.object_key is not None:
                self._removal.store.delete(row.object_key)
        names = [row.segment_id for row in rows]
        self._delete(segments, segments.c.segment_id.in_(names))
        return len(rows) == AT_ONCE

    def _expire_evidence(self, now: datetime) -> bool:
        """Of alerts that began since the latest turn's cut; after a start of all."""
        if self._keeping.evidence is None:
            return False
        until = now - self._keeping.evidence
        columns = alerts.c
        query = select(columns.alert_id, columns.started_at).where(
            columns.started_at < until, holds.is_free(columns.alert_id)
        )
        if self._evidence_until is not None:
            query = query.where(columns.started_at >= self._evidence_until)
        with transaction(self._engine) as connection:
            rows = connection.execute(query.order_by(columns.started_at).limit(AT_ONCE)).all()
        for row in rows:
            self._removal.remove_evidence(row.alert_id)
        full = len(rows) == AT_ONCE and rows[-1].started_at != self._evidence_until
        self._evidence_until = rows[-1].started_at if full else until
        return full

    def _expire_sessions(self, now: datetime) -> bool:
        """And invitations that nobody accepted, failed logins, answers kept for a day."""
        tables = sessions, invitations
        gone = sum(self._delete(table, table.c.expires_at < now) for table in tables)
        gone += self._delete(login_failures, throttling.is_forgotten(now))
        return gone + self._delete(idempotent_requests, idempotency.is_forgotten(now)) > 0

    def _give_back_parts(self, now: datetime) -> bool:
        """Of uploads that broke off so that nobody could tidy up after them."""
        self._removal.store.give_back("", now - NO_UPLOAD_TAKES)
        return False

    def _names(self, query: Any) -> list[str]:
        with transaction(self._engine) as connection:
            return list(connection.scalars(query))

    def _delete(self, table: Table, old: Any) -> bool:
        """Some rows at a time, so that no lock is held for long. Whether there may be more."""
        with transaction(self._engine) as connection:
            return _delete_some(connection, table, old) == AT_ONCE


def _delete_some(connection: Connection, table: Table, old: Any) -> int:
    keys = list(table.primary_key)
    rows = [tuple(row) for row in connection.execute(select(*keys).where(old).limit(AT_ONCE))]
    if rows:
        connection.execute(delete(table).where(tuple_(*keys).in_(rows)))
    return len(rows)
