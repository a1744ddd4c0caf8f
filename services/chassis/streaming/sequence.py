"""Notices records that were skipped: offsets must follow one another.

Faust can lose a record that lies in its buffer when a rebalance comes (seen after kill -9 of
another member, once in some ten takeovers). It would commit past it as soon as later ones are
acknowledged. Our topics have no gaps of their own: no compaction, no transactions.
"""

from collections.abc import Callable

from services.chassis.streaming.records import Partition, Record


class RecordsSkipped(Exception):
    """Records between the last one taken and this one never came. Nothing may be acknowledged."""


class Sequence:
    """The next offset of each partition. `start` tells where a partition begins for its group."""

    def __init__(self, start: Callable[[Partition], int]) -> None:
        self._start = start
        self._next: dict[Partition, int] = {}

    def begin_anew(self) -> None:
        """After a rebalance each partition goes on from what the group has committed."""
        self._next.clear()

    def take(self, record: Record) -> None:
        """Going back is fine, records come again; going ahead raises RecordsSkipped."""
        partition = record.partition
        expected = self._next.get(partition)
        if expected is None:
            expected = self._start(partition)
        if record.offset > expected:
            raise RecordsSkipped(f"{partition} goes from {expected} to {record.offset}")
        self._next[partition] = record.offset + 1
