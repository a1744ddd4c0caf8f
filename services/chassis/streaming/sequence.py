"""Notices records that were skipped: offsets must follow one another.

Faust can lose a record that lies in its buffer when a rebalance comes (seen after kill -9 of
another member, once in some ten takeovers). It would commit past it as soon as later ones are
acknowledged. What Kafka itself deleted is reported and passed; compacted topics have gaps.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Protocol

from schemas.topics import Topic
from services.chassis.streaming.broker import Bounds, Position
from services.chassis.streaming.records import Partition, Record


class RecordsSkipped(Exception):
    """Records that Kafka still has never came. Nothing after them may be acknowledged."""


class GroupView(Protocol):
    """What is asked of Kafka about a group's partitions."""

    def committed(self, partitions: Collection[Partition]) -> dict[Partition, Position]: ...

    def bounds(self, partition: Partition) -> Bounds: ...


class Sequence:
    """The next offset of each partition. `lost` hears of what Kafka deleted: partition, first and
    last offset.
    """

    def __init__(
        self,
        topics: Mapping[str, Topic],
        group: GroupView,
        lost: Callable[[Partition, int, int], None],
    ) -> None:
        self._topics, self._group, self._lost = topics, group, lost
        self._next: dict[Partition, int] = {}

    def begin_anew(self) -> None:
        """After a rebalance each partition goes on from what the group has committed."""
        self._next.clear()

    def take(self, record: Record) -> None:
        """Going back is fine, records come again; a jump ahead raises RecordsSkipped unless Kafka
        has nothing in between any more. Asks Kafka at the first record of a partition and at jumps.
        """
        partition = record.partition
        if not self._topics[partition.topic].is_compacted:
            expected = self._next.get(partition)
            if expected is None:
                expected = self._committed(partition)
            if expected is not None and record.offset > expected:
                self._jump(partition, expected, record.offset)
        self._next[partition] = record.offset + 1

    def _jump(self, partition: Partition, expected: int, offset: int) -> None:
        if self._group.bounds(partition).first < offset:
            raise RecordsSkipped(f"{partition} goes from {expected} to {offset}")
        self._lost(partition, expected, offset - 1)

    def _committed(self, partition: Partition) -> int | None:
        """None: the group never read it, so it begins with what is there."""
        position = self._group.committed([partition]).get(partition)
        return position.offset if position else None
