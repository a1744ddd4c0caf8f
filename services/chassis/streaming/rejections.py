"""Records that cannot be used: to the dead letters, once, within the limits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from schemas import groups
from schemas.topics import Topic
from services.chassis.clock import Clock
from services.chassis.streaming.deadletters import (
    DeadLetterCount,
    DeadLetterLimit,
    LetterCounts,
    dead_letter,
)
from services.chassis.streaming.inbox import Rejected
from services.chassis.streaming.marker import Marker, NoMarker
from services.chassis.streaming.positions import Positions
from services.chassis.streaming.publisher import Publisher
from services.chassis.streaming.records import Incoming, Partition, Record
from services.chassis.telemetry import logs, metrics

log = logs.get("dead letters")


@dataclass(frozen=True)
class Member:
    """Who consumes: the topics by their name on the broker, the consumer group, and the marker of
    what it was handling when it died.
    """

    topics: Mapping[str, Topic]
    group: str
    marker: Marker = field(default_factory=NoMarker)

    def owns_letters(self, topic: Topic) -> bool:
        """Whether it writes down what nobody can decode."""
        return groups.owns_dead_letters(self.group, topic)


class Rejections:
    """Writes dead letters of one member, and counts. Raises DeadLetterLimitExceeded."""

    def __init__(
        self,
        member: Member,
        publisher: Publisher,
        positions: Positions,
        limit: DeadLetterLimit,
        clock: Clock,
    ) -> None:
        self._member, self._publisher, self._positions = member, publisher, positions
        self._limit, self._clock = limit, clock
        self._counts: dict[str, DeadLetterCount] = {}
        self._written: set[tuple[Partition, int]] = set()

    def reject(self, rejected: Rejected) -> None:
        """Not again what was written in an earlier life, or before its batch was cancelled."""
        record, topic = rejected.record, self._topic(rejected.record)
        place = (record.partition, record.offset)
        if place in self._written or record.offset < self._positions.done(record.partition):
            return
        if not rejected.owned:
            metrics.count("records_skipped", topic.name)
            return
        self._count(record.partition).invalid()
        self._write(record, rejected.reason)

    def put_aside(self, record: Record, reason: str) -> None:
        """A record that takes the service down becomes a dead letter, whoever owns those."""
        self._count(record.partition).crash()
        self._write(record, reason)
        log.error(
            "a record took the service down and is put aside",
            at=(*record.partition, record.offset),
            reason=reason,
        )

    def valid(self, batch: Sequence[Incoming]) -> None:
        for item in batch:
            self._count(item.record.partition).valid()

    def counts(self, partitions: Sequence[Partition]) -> dict[str, LetterCounts]:
        """By topic, to be kept beside the commits."""
        return {one.topic: self._count(one).counts for one in partitions}

    def forget_written(self) -> None:
        """The batch is over: its records do not come back in this life."""
        self._written.clear()

    def _write(self, record: Record, reason: str) -> None:
        topic = self._topic(record)
        self._publisher.publish(dead_letter(topic, record, self._member.group, reason, self._clock))
        self._written.add((record.partition, record.offset))
        metrics.count("records_deadlettered", topic.name)
        log.warning(
            "dead letter", topic=topic.name, at=(*record.partition, record.offset), reason=reason
        )

    def _topic(self, record: Record) -> Topic:
        return self._member.topics[record.partition.topic]

    def _count(self, partition: Partition) -> DeadLetterCount:
        name = partition.topic
        if name not in self._counts:
            self._counts[name] = DeadLetterCount(self._limit, self._positions.letters(name))
        return self._counts[name]
