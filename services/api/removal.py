"""Takes a source away everywhere: off the topics, out of the store, out of the tables.

In this order: first it is hidden, then whoever works on it is told, then its objects go, its rows
last. Whatever breaks off in between can be done again, and is (see `retention`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, Engine, Table, delete, select, update

from schemas.ids import evidence_prefix
from schemas.topics import CALIBRATIONS, POLICIES, SOURCES
from services.api.albums.tables import album_items
from services.api.archived.parts import delete_parts, parts_of
from services.api.calibrations.tables import BY_SOURCE as OF_CALIBRATIONS
from services.api.deadletters.tables import dead_letters
from services.api.keeping.tables import evidence_sizes
from services.api.learning.tables import missed_events
from services.api.policies import storing
from services.api.policies.tables import policy_sets
from services.api.replays.removing import leave_out
from services.api.reviews.incidents import recount
from services.api.reviews.tables import BY_SOURCE as OF_REVIEWS
from services.api.scores.writing import KEYS_A_QUERY
from services.api.tables import (
    alerts,
    cameras,
    conditions,
    deliveries,
    removed_sources,
    runs,
    score_blocks,
    score_hours,
    score_series,
    segments,
    sources,
    videos,
)
from services.api.upserts import replace, upsert
from services.chassis.storage.database import transaction
from services.chassis.storage.objects import ObjectStore
from services.chassis.streaming.publisher import Publishing
from services.chassis.streaming.records import Outgoing

BY_SOURCE: tuple[Table, ...] = (
    album_items,
    deliveries,
    alerts,
    conditions,
    segments,
    score_series,
    runs,
    cameras,
    policy_sets,
    evidence_sizes,
    dead_letters,
    *OF_REVIEWS,
    *OF_CALIBRATIONS,
    missed_events,
)


@dataclass(frozen=True)
class Removal:
    """Every method may be called again for the same source. They raise TransientError."""

    engine: Engine
    store: ObjectStore
    publishing: Publishing
    forget_copies: Callable[[str], None]
    """Those of a source with hidden faces, on the API's own disk."""

    def remove(self, source_id: UUID, now: datetime) -> None:
        """All of it, for good. The source must have a row."""
        name = str(source_id)
        with transaction(self.engine) as connection:
            mine = sources.c.source_id == name
            connection.execute(update(sources).where(mine).values(is_being_removed=True))
        self.publishing.publish(
            *(Outgoing(topic, None, key=name) for topic in (SOURCES, POLICIES, CALIBRATIONS))
        )
        with transaction(self.engine) as connection:
            query = select(alerts.c.alert_id).where(alerts.c.source_id == name)
            alert_ids = list(connection.scalars(query))
            of_source = select(sources.c.tenant_id, sources.c.store_id)
            place = connection.execute(of_source.where(sources.c.source_id == name)).first()
        self.remove_objects(name, alert_ids)
        if place is not None:
            delete_parts(self.store, (place.tenant_id, place.store_id), name)
        with transaction(self.engine) as connection:
            _remove_rows(connection, name, alert_ids, now)
        self.forget_copies(name)

    def remove_objects(self, source_id: str, alert_ids: Sequence[str]) -> None:
        """A video's files, a camera's recordings; evidence of the alerts."""
        for folder in ("videos", "recordings"):
            for info in self.store.list(f"{folder}/{source_id}/"):
                self.store.delete(info.key)
        for alert_id in alert_ids:
            self.remove_evidence(alert_id)

    def remove_archived(self, tenant_id: str | None, source_ids: Sequence[str]) -> None:
        """Parts of the archive, in whatever store of the tenant those sources have been."""
        for part in parts_of(self.store, tenant_id, source_ids):
            self.store.delete(part.key)

    def remove_evidence(self, alert_id: str) -> None:
        for info in self.store.list(evidence_prefix(UUID(alert_id))):
            self.store.delete(info.key)


def _remove_rows(
    connection: Connection, source_id: str, alert_ids: Sequence[str], now: datetime
) -> None:
    row = connection.execute(select(sources).where(sources.c.source_id == source_id)).one_or_none()
    if row is None:
        return
    gone = {
        "source_id": source_id,
        "source_kind": row.source_kind,
        "tenant_id": row.tenant_id,
        "store_id": row.store_id,
        "alert_ids": list(alert_ids),
        "removed_at": now,
    }
    upsert(connection, removed_sources, [gone], {"removed_at": replace})
    query = select(score_series.c.series_id).where(score_series.c.source_id == source_id)
    remove_scores(connection, list(connection.scalars(query)))
    storing.forget(connection, "source", source_id)
    query = select(alerts.c.incident_id).where(alerts.c.source_id == source_id).distinct()
    incident_ids = list(connection.scalars(query))
    for table in BY_SOURCE:
        connection.execute(delete(table).where(table.c.source_id == source_id))
    recount(connection, incident_ids)
    leave_out(connection, source_id, now)
    connection.execute(delete(videos).where(videos.c.video_id == source_id))
    connection.execute(delete(sources).where(sources.c.source_id == source_id))


def remove_scores(connection: Connection, series_ids: Sequence[int]) -> None:
    """Blocks and maxima of those series."""
    for start in range(0, len(series_ids), KEYS_A_QUERY):
        some = series_ids[start : start + KEYS_A_QUERY]
        for table in (score_blocks, score_hours):
            connection.execute(delete(table).where(table.c.series_id.in_(some)))
