"""Notices records that were skipped: offsets must follow one another.

Faust can lose a record that lies in its buffer when a rebalance comes (seen after kill -9 of
another member, once in some ten takeovers). It would commit past it as soon as later ones are
acknowledged. Our topics have no gaps of their own: no compaction, no transactions.
"""

from collections.abc import Callable

from confluent_kafka import Consumer, TopicPartition

from services.chassis.settings import ServiceSettings
from services.chassis.streaming.records import Partition, Record

TIMEOUT_S = 20.0


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


class GroupStart:
    """Where a group goes on in a partition: its commit, or the first record that is left."""

    def __init__(self, settings: ServiceSettings, group: str) -> None:
        self.consumer = Consumer(
            {
                "bootstrap.servers": settings.kafka_bootstrap,
                "group.id": settings.topic_prefix + group,
                "enable.auto.commit": False,
                "log_level": 2,
            }
        )

    def __call__(self, partition: Partition) -> int:
        asked = TopicPartition(partition.topic, partition.number)
        (committed,) = self.consumer.committed([asked], TIMEOUT_S)
        first, _ = self.consumer.get_watermark_offsets(asked, TIMEOUT_S)
        return max(committed.offset, first)


class GroupPosition:
    """A group seen from outside, for StallWatch: where it stands is what it has committed.
    `assigned` is kept by the member whose partitions they are.
    """

    def __init__(self, start: GroupStart) -> None:
        self._consumer = start.consumer
        self.assigned: list[TopicPartition] = []

    def assignment(self) -> list[TopicPartition]:
        return self.assigned

    def position(self, partitions: list[TopicPartition]) -> list[TopicPartition]:
        return self._consumer.committed(partitions, TIMEOUT_S)

    def committed(self, partitions: list[TopicPartition], timeout: float) -> list[TopicPartition]:
        return self._consumer.committed(partitions, timeout)

    def get_watermark_offsets(self, partition: TopicPartition, timeout: float) -> tuple[int, int]:
        first, end = self._consumer.get_watermark_offsets(partition, timeout)
        return int(first), int(end)
