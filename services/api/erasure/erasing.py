"""Takes a stretch of a source away for good: asked for by a request, carried out by a duty.

The rows go with the request, in one transaction, so nobody is shown anything of it from then on;
the duty reads each object once more for the proof, deletes it, and signs. It may be broken off
anywhere and goes on where it was.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, Engine, insert, select, update

from schemas.archive import Part
from services.api import audit, holds
from services.api.erasure import proof, span
from services.api.erasure.archive import ArchiveErasing
from services.api.erasure.tables import erased_objects, erasures
from services.api.erasure.views import ErasureEntry
from services.api.principal import Actor, Principal
from services.api.removal import Removal
from services.api.scores.reading import Span
from services.api.scores.series import EPOCH
from services.api.tables import sources
from services.chassis.clock import Clock
from services.chassis.storage.database import transaction, upsert
from services.chassis.storage.objects import ObjectInfo, ObjectMissing, ObjectStore
from services.chassis.telemetry import logs

log = logs.get("erasure")
RESTS_S, SWEEPS_EVERY_S = 2.0, 600.0
AT_ONCE = 50
BLOCK_BYTES = 1 << 20
SWEPT_FOR = timedelta(days=31)
"""So long a worker may still bring a recording from its ring, or cut evidence of it."""

DUTY = Principal(actor=Actor("machine", None, "erasure"))
Row = Mapping[Any, Any]


class StretchHeld(Exception):
    """A part of the stretch is under legal hold. The text names the holds."""


@dataclass(frozen=True)
class Erasing:
    """Every step may be done again. They raise TransientError."""

    engine: Engine
    store: ObjectStore
    removal: Removal
    clock: Clock
    signing_key: Ed25519PrivateKey

    def ask(self, principal: Principal, source: Row, entry: ErasureEntry) -> UUID:
        """Of an upload, which is one file, all. Raises StretchHeld; then nothing has changed."""
        now = self.clock.now()
        is_upload = source["source_kind"] == "upload"
        asked = Span(entry.since or EPOCH, min(entry.until or now, now))
        stretch = Span(EPOCH, now + timedelta(days=36_500)) if is_upload else asked
        with transaction(self.engine) as connection:
            _require_free(connection, source["source_id"], stretch)
            alert_ids = span.alerts_in(connection, source["source_id"], stretch)
            rows = span.segments_in(connection, source["source_id"], stretch)
        objects = self._objects(source, stretch, rows, alert_ids)
        erasure_id = uuid4()
        with transaction(self.engine) as connection:
            _require_free(connection, source["source_id"], stretch)
            if is_upload:
                mine = sources.c.source_id == source["source_id"]
                connection.execute(update(sources).where(mine).values(is_being_removed=True))
            counts = span.erase_rows(connection, source["source_id"], stretch, alert_ids)
            row = _row(erasure_id, source, asked, entry.reason, principal, now)
            row |= {"row_counts": counts, "alert_ids": alert_ids}
            connection.execute(insert(erasures).values(row))
            _note_objects(connection, erasure_id, objects)
            detail = {"source": source["source_id"], "since": asked.since, "until": asked.until}
            audit.record(
                connection,
                principal,
                "footage.erased",
                str(erasure_id),
                detail | {"reason": entry.reason},
                tenant_id=UUID(row["tenant_id"]),
            )
        return erasure_id

    @property
    def _archive(self) -> ArchiveErasing:
        return ArchiveErasing(self.engine, self.store)

    def turn(self) -> float:
        """Some objects of the oldest that is pending; seconds until the next."""
        pending = select(erasures).where(erasures.c.completed_at.is_(None))
        with transaction(self.engine) as connection:
            row = connection.execute(pending.order_by(erasures.c.asked_at)).mappings().first()
            if row is None:
                return RESTS_S
            mine = erased_objects.c.erasure_id == row["erasure_id"]
            query = select(erased_objects).where(mine, erased_objects.c.erased_at.is_(None))
            left = connection.execute(query.limit(AT_ONCE)).mappings().all()
        for each in left:
            self._erase_object(each)
        if not left and not self._archive.note(row):
            self._complete(row)
        return 0.0

    def sweep(self) -> float:
        """What came into the store since, of stretches of cameras that were erased; seconds until
        the next look.
        """
        since = self.clock.now() - SWEPT_FOR
        lately = erasures.c.completed_at > since, erasures.c.source_kind == "camera"
        with transaction(self.engine) as connection:
            rows = connection.execute(select(erasures).where(*lately)).mappings().all()
        for row in rows:
            stretch = Span(row["since_at"], row["until_at"])
            for info in self._objects(row, stretch, (), row["alert_ids"]):
                self.store.delete(info.key)
                log.info("erased again", erasure=row["erasure_id"], key=info.key)
            for key in self._archive.sweep(row):
                log.info("erased again", erasure=row["erasure_id"], key=key)
        return SWEEPS_EVERY_S

    def _objects(
        self, source: Row, stretch: Span, rows: Sequence[Any], alert_ids: Sequence[str]
    ) -> list[ObjectInfo]:
        found = list(span.evidence_objects(self.store, alert_ids))
        source_id = UUID(source["source_id"])
        if source["source_kind"] == "upload":
            return [*found, *self.store.list(f"videos/{source_id}/")]
        return [*found, *span.recorded_objects(self.store, rows, source_id, stretch)]

    def _erase_object(self, row: Row) -> None:
        """Its digest is noted before it goes, so that no crash loses it."""
        mine = (
            erased_objects.c.erasure_id == row["erasure_id"],
            erased_objects.c.object_key == row["object_key"],
        )
        try:
            sha256, size_bytes = self._digest(row["object_key"])
        except ObjectMissing:  # a crash came after it was deleted, or somebody else was first
            sha256, size_bytes = row["sha256"], row["size_bytes"]
        values: dict[str, Any] = {"sha256": sha256, "size_bytes": size_bytes}
        with transaction(self.engine) as connection:
            connection.execute(update(erased_objects).where(*mine).values(values))
        if (part := Part.read(row["object_key"])) is not None:
            self._archive.erase(row, part)
        else:
            self.store.delete(row["object_key"])
        with transaction(self.engine) as connection:
            values = {"erased_at": self.clock.now()}
            connection.execute(update(erased_objects).where(*mine).values(values))

    def _digest(self, key: str) -> tuple[str, int]:
        """Raises ObjectMissing."""
        digest, position = hashlib.sha256(), 0
        self.store.stat(key)
        while block := self.store.read_range(key, position, BLOCK_BYTES):
            position += len(block)
            digest.update(block)
        return digest.hexdigest(), position

    def _complete(self, row: Row) -> None:
        now = self.clock.now()
        if row["source_kind"] == "upload":
            self.removal.remove(UUID(row["source_id"]), now)
        mine = erased_objects.c.erasure_id == row["erasure_id"]
        query = select(erased_objects).where(mine).order_by(erased_objects.c.object_key)
        with transaction(self.engine) as connection:
            objects = [
                proof.ErasedObject(each.object_key, each.sha256, each.size_bytes, each.row_count)
                for each in connection.execute(query)
            ]
            counts = row["row_counts"] | _archived(objects)
            content, signature = proof.written(
                dict(row) | {"row_counts": counts}, objects, now, self.signing_key
            )
            values = {"completed_at": now, "proof": content, "signature": signature}
            values["row_counts"] = counts
            this = erasures.c.erasure_id == row["erasure_id"]
            connection.execute(update(erasures).where(this).values(values))
            detail = {"objects": len(objects), "rows": counts}
            tenant_id = UUID(row["tenant_id"])
            name = row["erasure_id"]
            audit.record(connection, DUTY, "erasure.completed", name, detail, tenant_id=tenant_id)
        log.info("erased", erasure=row["erasure_id"], objects=len(objects))


def _archived(objects: Sequence[proof.ErasedObject]) -> dict[str, int]:
    """Rows that went out of parts of the archive, by what they were."""
    counts: dict[str, int] = {}
    for each in objects:
        if (part := Part.read(each.object_key)) is not None:
            name = f"archived {part.of.kind}"
            counts[name] = counts.get(name, 0) + (each.rows or 0)
    return counts


def _require_free(connection: Connection, source_id: str, stretch: Span) -> None:
    holds.follow_alerts(connection)
    if found := holds.holding(connection, source_id, stretch.since, stretch.until):
        raise StretchHeld(f"{holds.named(found)} So nothing was erased.")


def _note_objects(connection: Connection, erasure_id: UUID, objects: Sequence[ObjectInfo]) -> None:
    rows = [
        {"erasure_id": str(erasure_id), "object_key": info.key, "size_bytes": info.size_bytes}
        for info in objects
    ]
    upsert(connection, erased_objects, rows, [])


def _row(
    erasure_id: UUID, source: Row, asked: Span, reason: str, principal: Principal, now: datetime
) -> dict[str, Any]:
    return {
        "erasure_id": str(erasure_id),
        "tenant_id": source["tenant_id"] or str(principal.home),
        "store_id": source["store_id"],
        "source_id": source["source_id"],
        "source_kind": source["source_kind"],
        "source_name": source["name"],
        "since_at": asked.since,
        "until_at": asked.until,
        "reason": reason,
        "asked_by": principal.actor.name,
        "asked_at": now,
    }
