"""Lets go of what is older, or more, than is to be kept: a duty (ADR 0043)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Table, and_, delete, exists, select, tuple_

from services.api import holds, idempotency
from services.api.access import throttling
from services.api.access.credentials import idempotent_requests, login_failures
from services.api.access.tables import invitations, sessions
from services.api.calibrations.tables import calibration_days
from services.api.config import Keeping
from services.api.deadletters.tables import KEPT_FOR, dead_letters
from services.api.erasure.tables import erasures
from services.api.keeping.archiving import ArchiveExpiry
from services.api.keeping.crowding import too_much
from services.api.keeping.cuts import Cut, Layer, cuts, layers, size_bounds
from services.api.keeping.expiry import old_incidents, old_reviews, old_scores
from services.api.keeping.measuring import forget_gone, note_gone
from services.api.keeping.rules import MEASURED, Kind
from services.api.keeping.tables import evidence_sizes
from services.api.learning.tables import missed_events
from services.api.removal import Removal
from services.api.resumable import Parts
from services.api.reviews.tables import (
    acknowledge_tickets,
    comments,
    incidents,
    review_history,
    reviews,
)
from services.api.scores.series import EPOCH
from services.api.signon.tables import sign_on_tickets
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
    """Every step may be broken off and done again. Rules of tenants and stores are read at the
    beginning of each turn.
    """

    def __init__(self, engine: Engine, removal: Removal, clock: Clock, keeping: Keeping) -> None:
        self._engine, self._removal, self._clock = engine, removal, clock
        self._keeping = keeping
        self._layers: list[Layer] = []
        self._archive = ArchiveExpiry(engine, removal.store, keeping)

    def turn(self) -> float:
        """One bounded step of each kind; seconds until the next. Raises TransientError."""
        now = self._clock.now()
        with transaction(self._engine) as connection:
            holds.follow_alerts(connection)
            self._layers = layers(connection)
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
            self._expire_days,
            self._expire_recordings,
            self._expire_archive,
            self._make_room,
            self._expire_sessions,
            self._expire_letters,
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
        query = select(columns.source_id, columns.alert_ids, columns.tenant_id).where(
            columns.removed_at > now - SWEPT_FOR
        )
        with transaction(self._engine) as connection:
            rows = connection.execute(query).all()
            old = columns.removed_at < now - REMEMBERED_FOR
            connection.execute(delete(removed_sources).where(old))
        for row in rows:
            self._removal.remove_objects(row.source_id, row.alert_ids)
        for tenant_id in {row.tenant_id for row in rows}:
            names = [row.source_id for row in rows if row.tenant_id == tenant_id]
            self._removal.remove_archived(tenant_id, names)
        return False

    def _expire_videos(self, now: datetime) -> bool:
        free, more = holds.is_source_free(videos.c.video_id), False
        for cut in self._cuts("uploads", now):
            old = cut.old(videos.c.video_id, videos.c.submitted_at)
            query = select(videos.c.video_id).where(old, free).order_by(videos.c.submitted_at)
            names = self._names(query.limit(VIDEOS_AT_ONCE))
            self._remove_videos(names, now, "expired")
            more = more or len(names) == VIDEOS_AT_ONCE
        return more

    def _remove_videos(self, names: Sequence[str], now: datetime, why: str) -> None:
        for name in names:
            self._removal.remove(UUID(name), now)
            log.info("video removed", video=name, why=why)

    def _expire_scores(self, now: datetime) -> bool:
        return any(
            self._delete(score_blocks, and_(old_scores(cut, score_blocks.c.ends_at), free))
            for cut in self._cuts("scores", now)
            for free in self._free_scores(score_blocks)
        )

    def _expire_maxima(self, now: datetime) -> bool:
        more = False
        for cut in self._cuts("alerts", now):
            hour = (cut.before - EPOCH) // timedelta(hours=1)
            old = old_scores(cut, score_hours.c.hour, hour)
            for free in self._free_scores(score_hours):
                more = self._delete(score_hours, and_(old, free)) or more
            columns = score_series.c
            free = holds.is_free(columns.source_id, columns.first_at, columns.last_at)
            unused = ~exists().where(score_blocks.c.series_id == columns.series_id)
            gone = and_(cut.old(columns.source_id, columns.last_at), free, unused)
            more = self._delete(score_series, gone) or more
        return more

    def _free_scores(self, table: Table) -> list[Any]:
        with transaction(self._engine) as connection:
            return holds.free_scores(connection)[table.name]

    def _expire_alerts(self, now: datetime) -> bool:
        """With their deliveries; incidents of which none is left."""
        more = False
        free = and_(
            holds.is_free(alerts.c.source_id, alerts.c.started_at, alerts.c.ended_at),
            alerts.c.alert_id.in_(select(evidence_sizes.c.alert_id)),  # else nobody finds it
        )
        for cut in self._cuts("alerts", now):
            old = cut.old(deliveries.c.source_id, deliveries.c.attempted_at)
            told = and_(old, holds.is_alert_free(deliveries.c.alert_id))
            more = self._delete(deliveries, told) or more
            old = cut.old(alerts.c.source_id, alerts.c.started_at)
            more = self._delete(alerts, and_(old, free)) or more
            more = self._delete(incidents, old_incidents(cut.before)) or more
        forget_gone(self._engine)
        return more

    def _expire_reviews(self, now: datetime) -> bool:
        """Once neither the alert is kept nor its evidence: until then they train heads."""
        self._delete(acknowledge_tickets, acknowledge_tickets.c.expires_at < now)
        more = False
        for cut in self._cuts("alerts", now, least="evidence"):
            names = self._names(old_reviews(cut))
            for table in (comments, review_history, reviews):  # the review itself goes last
                more = self._delete(table, table.c.alert_id.in_(names)) or more
            more = more or len(names) == AT_ONCE
            columns = missed_events.c
            old = cut.old(columns.source_id, columns.since_at)
            free = holds.is_free(columns.source_id, columns.since_at, columns.until_at)
            more = self._delete(missed_events, and_(old, free)) or more
        return more

    def _expire_conditions(self, now: datetime) -> bool:
        columns, more = conditions.c, False
        free = holds.is_free(columns.source_id, columns.started_at, columns.ended_at)
        for cut in self._cuts("alerts", now):
            old = cut.old(columns.source_id, columns.started_at)
            more = self._delete(conditions, and_(old, free)) or more
        return more

    def _expire_days(self, now: datetime) -> bool:
        """Of calibrations; a day goes once its alerts may."""
        columns, more = calibration_days.c, False
        for cut in self._cuts("alerts", now):
            old, mine = columns.day < cut.before.date(), cut.of(columns.source_id)
            gone = old if mine is None else and_(old, mine)
            more = self._delete(calibration_days, gone) or more
        return more

    def _expire_recordings(self, now: datetime) -> bool:
        """Segments that lie in the store, and what the tables tell of those that are gone."""
        columns, more = segments.c, False
        free = holds.is_free(columns.source_id, columns.started_at, columns.ended_at)
        for cut in self._cuts("recordings", now):
            query = select(columns.segment_id, columns.object_key)
            query = query.where(cut.old(columns.source_id, columns.ended_at), free)
            with transaction(self._engine) as connection:
                rows = connection.execute(query.order_by(columns.ended_at).limit(AT_ONCE))
                found = rows.mappings().all()
            self._remove_segments(found)
            more = more or len(found) == AT_ONCE
        return more

    def _remove_segments(self, rows: Sequence[Mapping[Any, Any]]) -> None:
        for row in rows:
            if row["object_key"] is not None:
                self._removal.store.delete(row["object_key"])
        self._delete(segments, segments.c.segment_id.in_([row["segment_id"] for row in rows]))

    def _expire_evidence(self, now: datetime) -> bool:
        """Of which it is known how large it is: an hour after the alert came, that is."""
        columns, more = evidence_sizes.c, False
        free = holds.is_free(columns.source_id, columns.started_at, columns.ended_at)
        for cut in self._cuts("evidence", now):
            old = cut.old(columns.source_id, columns.dated_at)
            query = select(columns.alert_id).where(old, columns.size_bytes.is_not(None), free)
            names = self._names(query.order_by(columns.dated_at).limit(AT_ONCE))
            self._remove_evidence(names)
            more = more or len(names) == AT_ONCE
        return more

    def _remove_evidence(self, names: list[str]) -> None:
        for name in names:
            self._removal.remove_evidence(name)
        note_gone(self._engine, names)

    def _make_room(self, now: datetime) -> bool:
        """Of what a tenant or store has too much, the oldest."""
        more = False
        for kind in MEASURED:
            with transaction(self._engine) as connection:
                bounds = list(size_bounds(connection, self._keeping, self._layers, kind))
            for bound in bounds:
                with transaction(self._engine) as connection:
                    rows = too_much(connection, kind, bound, VIDEOS_AT_ONCE)
                if kind == "recordings":
                    self._remove_segments(rows)
                elif kind == "evidence":
                    self._remove_evidence([row["alert_id"] for row in rows])
                else:
                    self._remove_videos([row["video_id"] for row in rows], now, "no room")
                more = more or len(rows) == VIDEOS_AT_ONCE
        return more

    def _cuts(self, kind: Kind, now: datetime, least: Kind | None = None) -> list[Cut]:
        return list(cuts(self._keeping, self._layers, kind, now, least))

    def _expire_archive(self, now: datetime) -> bool:
        return self._archive.turn(now, self._layers)

    def _expire_sessions(self, now: datetime) -> bool:
        """And invitations that nobody accepted, sign-ons, failed logins, answers kept for a day."""
        tables = sessions, invitations, sign_on_tickets
        gone = sum(self._delete(table, table.c.expires_at < now) for table in tables)
        gone += self._delete(login_failures, throttling.is_forgotten(now))
        return gone + self._delete(idempotent_requests, idempotency.is_forgotten(now)) > 0

    def _expire_letters(self, now: datetime) -> bool:
        return self._delete(dead_letters, dead_letters.c.failed_at < now - KEPT_FOR)

    def _give_back_parts(self, now: datetime) -> bool:
        """Of uploads that broke off so that nobody could tidy up after them, or never went on."""
        self._removal.store.give_back("", now - NO_UPLOAD_TAKES)
        Parts(self._removal.store).expire(now)
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
