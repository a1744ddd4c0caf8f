"""Notices a consumer that receives nothing although there is something to receive.

Seen once with librdkafka after its broker was killed; a new process goes on at the commit.
"""

import time
from collections.abc import Callable
from typing import Protocol

from confluent_kafka import KafkaException, TopicPartition

LOOK_AFTER_S = 20.0
TIMEOUT_S = 5.0


class ConsumerStalled(Exception):
    """Twice in a row the consumer was quiet with records before it."""


class Position(Protocol):
    """The part of confluent_kafka.Consumer that is asked."""

    def assignment(self) -> list[TopicPartition]: ...

    def position(self, partitions: list[TopicPartition]) -> list[TopicPartition]: ...

    def committed(
        self, partitions: list[TopicPartition], timeout: float
    ) -> list[TopicPartition]: ...

    def get_watermark_offsets(
        self, partition: TopicPartition, timeout: float
    ) -> tuple[int, int]: ...


class StallWatch:
    """`heard` at each record, `check` while there is none."""

    def __init__(self, consumer: Position, now: Callable[[], float] = time.monotonic) -> None:
        self._consumer, self._now = consumer, now
        self._looked_at, self._suspected = now(), False

    def heard(self) -> None:
        self._looked_at, self._suspected = self._now(), False

    def check(self) -> None:
        """Looks after every so many quiet seconds. Raises ConsumerStalled."""
        if self._now() - self._looked_at < LOOK_AFTER_S:
            return
        behind = self._behind()
        if behind and self._suspected:
            raise ConsumerStalled(f"nothing comes, though there is more in {', '.join(behind)}")
        self._looked_at, self._suspected = self._now(), bool(behind)

    def _behind(self) -> list[str]:
        try:
            if not (partitions := self._consumer.assignment()):
                return []
            positions = self._consumer.position(partitions)
            commits = self._consumer.committed(partitions, TIMEOUT_S)
            reached = [
                max(one.offset, two.offset) for one, two in zip(positions, commits, strict=True)
            ]
            return [
                f"{one.topic}/{one.partition}"
                for one, at in zip(partitions, reached, strict=True)
                if self._has_more(one, at)
            ]
        except KafkaException:
            return []  # Kafka is away: then nothing can come

    def _has_more(self, partition: TopicPartition, at: int) -> bool:
        first, end = self._consumer.get_watermark_offsets(partition, TIMEOUT_S)
        return end > max(at, first)
