"""What is wanted of the archive, what there is of it, and how far a reading is."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

from schemas.archive import ArchiveKind, Part, utc_day
from services.scoring.archive.parts import MARK_BYTES


@dataclass(frozen=True)
class Wanted:
    """Which rows: of these sources of one tenant, whose first clip began from `since` on and before
    `until`. `stores` is where they lie; None looks through all of the tenant's, since a camera may
    have been moved.
    """

    kind: ArchiveKind
    tenant_id: UUID
    backbone: str
    sources: Sequence[UUID]
    since: datetime
    until: datetime
    stores: Collection[UUID] | None = None
    ends: Mapping[int, int] | None = None
    """Only what lay on these partitions of the log, before these offsets. None: all."""

    def has(self, part: Part) -> bool:
        """Whether the part may hold some of it."""
        of = part.of
        is_near = utc_day(self.since) <= of.day <= utc_day(self.until)
        is_early = self.ends is None or part.first < self.ends.get(part.partition, 0)
        return of.backbone == self.backbone and is_near and is_early


@dataclass(frozen=True)
class Plan:
    """What there is to read: known by a listing alone. Rows are those of whole parts, which may
    hold more than is wanted, and some twice.
    """

    parts: tuple[Part, ...]
    size_bytes: int

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.parts)


@dataclass
class Place:
    """How far a reading is: it has all of earlier sources and days, and these rows of this day. A
    reading that begins here gives what is left, whatever parts it lies in by then.
    """

    source_id: UUID | None = None
    day: date | None = None
    seen: set[bytes] = field(default_factory=set)

    def enter(self, source_id: UUID, day: date) -> bool:
        """False for a day that it is past already."""
        if self.source_id == source_id and self.day is not None and day <= self.day:
            return day == self.day
        self.source_id, self.day, self.seen = source_id, day, set()
        return True

    def to_map(self) -> dict[str, Any]:
        """Plain types, for msgpack."""
        return {
            "source_id": self.source_id.bytes if self.source_id else None,
            "day": self.day.isoformat() if self.day else None,
            "seen": b"".join(self.seen),
        }

    @classmethod
    def from_map(cls, content: Mapping[str, Any]) -> Self:
        size, packed = MARK_BYTES, content["seen"]
        return cls(
            UUID(bytes=content["source_id"]) if content["source_id"] else None,
            date.fromisoformat(content["day"]) if content["day"] else None,
            {packed[start : start + size] for start in range(0, len(packed), size)},
        )
