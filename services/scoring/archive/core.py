"""What waits to become parts of the archive: records by partition, as they came. Pure.

A partition is written as a whole, so that nothing of it waits afterwards: then its commit may move
on. Until then the commit stays below the oldest record that waits, so memory is the log.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from schemas.archive import ArchiveKind, Part, PartOf

PER_RECORD = 200
"""Bytes that a record takes beside its own."""


@dataclass(frozen=True)
class Group:
    """Records that become one part, wherever their source belongs by then. Vectors of another
    length are another part.
    """

    kind: ArchiveKind
    source_id: UUID
    backbone: str
    day: date
    dim: int

    def part_of(self, tenant_id: UUID, store_id: UUID) -> PartOf:
        return PartOf(self.kind, tenant_id, store_id, self.day, self.backbone, self.source_id)


@dataclass(frozen=True)
class Waiting:
    """A record as it lay on the log; `row_id` is the message's own id."""

    offset: int
    value: bytes
    row_id: UUID


@dataclass
class Gathered:
    """The records of one partition that wait, since when (seconds awake)."""

    since_s: float
    groups: dict[Group, list[Waiting]] = field(default_factory=dict)
    size_bytes: int = 0

    @property
    def first(self) -> int:
        """The oldest offset that waits."""
        return min(records[0].offset for records in self.groups.values())

    def add(self, group: Group, record: Waiting) -> None:
        self.groups.setdefault(group, []).append(record)
        self.size_bytes += len(record.value) + PER_RECORD


P = tuple[str, int]
"""A partition: topic and number."""


class Gathering:
    """All partitions of a member. Offsets of a partition come in order."""

    def __init__(self, most_bytes: int, longest_s: float) -> None:
        self._most_bytes, self._longest_s = most_bytes, longest_s
        self._gathered: dict[P, Gathered] = {}

    @property
    def size_bytes(self) -> int:
        return sum(each.size_bytes for each in self._gathered.values())

    def add(self, partition: P, group: Group, record: Waiting, now_s: float) -> None:
        found = self._gathered.setdefault(partition, Gathered(now_s))
        found.add(group, record)

    def too_much(self) -> P | None:
        """The partition to write first while more waits than may."""
        if self.size_bytes <= self._most_bytes:
            return None
        return max(self._gathered, key=lambda one: self._gathered[one].size_bytes)

    def due(self, now_s: float) -> list[P]:
        """Those of which something has waited long enough."""
        return [
            one for one, each in self._gathered.items() if now_s - each.since_s >= self._longest_s
        ]

    def of(self, partition: P) -> Mapping[Group, list[Waiting]]:
        return self._gathered[partition].groups

    def let_go(self, partitions: Collection[P]) -> None:
        """They are written, or another member's."""
        for partition in partitions:
            self._gathered.pop(partition, None)

    def held(self) -> dict[P, int]:
        """The oldest offset of each partition that waits."""
        return {one: each.first for one, each in self._gathered.items()}


def part(whose: PartOf, partition: int, records: Sequence[Waiting]) -> Part:
    """The part that these records become."""
    first, end = records[0], records[-1].offset + 1
    return Part(whose, partition, first.offset, end, len(records), mark(first.row_id))


def mark(row_id: UUID) -> str:
    return row_id.hex[:8]
