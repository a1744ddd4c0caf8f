"""The fake broker: Kafka's behaviour in memory, for tests in milliseconds.

Partitions with offsets that survive deletion, groups with cooperative rebalances, commits with
notes, retention and compaction at a call, and failures at a call. It passes the suite that
`KafkaBroker` passes. Keys are spread by CRC-32, not by murmur2.
"""

import threading
import zlib
from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from schemas.base import Message
from schemas.codec import decode
from schemas.topics import Topic, dead_letters
from services.chassis.clock import Clock, SystemClock
from services.chassis.streaming.broker import (
    Bounds,
    GroupConsumer,
    LogReader,
    Position,
    Start,
    begin,
)
from services.chassis.streaming.membership import Group, MemoryConsumer, Operation
from services.chassis.streaming.publisher import Publisher, packed
from services.chassis.streaming.records import Headers, Outgoing, Partition, Record, Verbatim


@dataclass
class PartitionLog:
    """The records of one partition. `first` moves up by deletion, `end` never goes back."""

    first: int = 0
    end: int = 0
    records: list[Record] = field(default_factory=list)

    def append(self, record: Record) -> None:
        self.records.append(record)
        self.end = record.offset + 1

    def from_offset(self, offset: int, most: int) -> list[Record]:
        start = bisect_left(self.records, offset, key=lambda record: record.offset)
        return self.records[start : start + most]

    def delete_before(self, offset: int) -> None:
        self.records = self.from_offset(offset, len(self.records))
        self.first = max(self.first, min(offset, self.end))

    def compact(self) -> None:
        latest = {record.key: record.offset for record in self.records}
        self.records = [one for one in self.records if latest[one.key] == one.offset]


class MemoryBroker:
    """A broker with the given topics and their dead-letter twins, each of so many partitions."""

    def __init__(
        self,
        topics: Iterable[Topic],
        partitions: int = 4,
        topic_prefix: str = "",
        state_dir: Path | None = None,
    ) -> None:
        self.topic_prefix, self._state_dir = topic_prefix, state_dir
        self.changed = threading.Condition(threading.RLock())
        self.logs: dict[Partition, PartitionLog] = {}
        for topic in topics:
            self._create(topic, partitions)
            self._create(dead_letters(topic), 1)
        self._groups: dict[str, Group] = defaultdict(Group)
        self._failures: dict[Operation, deque[Exception]] = defaultdict(deque)

    def _create(self, topic: Topic, partitions: int) -> None:
        for number in range(partitions):
            self.logs[Partition(self.topic_prefix + topic.name, number)] = PartitionLog()

    @property
    def state_dir(self) -> Path | None:
        return self._state_dir

    def consumer(self, group: str) -> GroupConsumer:
        return self.member(group)

    def member(self, group: str) -> MemoryConsumer:
        """The same as `consumer`, with what a test may do to it."""
        return MemoryConsumer(self, self._groups[self.topic_prefix + group])

    def reader(self, topic: str, start: Start, key: bytes | None = None) -> LogReader:
        name = self.topic_prefix + topic
        return MemoryReader(
            self, [self.partition_of(name, key)] if key else self.partitions(name), start
        )

    def partition_of(self, name: str, key: bytes | None) -> Partition:
        partitions = self.partitions(name)
        return partitions[zlib.crc32(key or b"") % len(partitions)]

    def publisher(self, source: str) -> Publisher:
        return MemoryBrokerPublisher(self, source)

    def partitions(self, name: str) -> list[Partition]:
        return sorted(one for one in self.logs if one.topic == name)

    def append(
        self, name: str, key: bytes | None, value: bytes | None, headers: Headers | None = None
    ) -> Record:
        """Put a record onto the partition of its key."""
        with self.changed:
            partition = self.partition_of(name, key)
            record = Record(partition, self.logs[partition].end, key, value, dict(headers or {}))
            self.logs[partition].append(record)
            self.changed.notify_all()
            return record

    def fetch(self, offsets: Mapping[Partition, int], most: int) -> list[Record]:
        """What lies at and after the offsets. Deleted ones are passed over, as Kafka does."""
        found: list[Record] = []
        for partition, offset in offsets.items():
            found += self.logs[partition].from_offset(offset, most - len(found))
        return found

    def bounds(self, partition: Partition) -> Bounds:
        self.raise_failure("ask")
        log = self.logs[partition]
        return Bounds(log.first, log.end)

    def records(self, topic: Topic) -> list[Record]:
        """All that lies on a topic, partition after partition."""
        with self.changed:
            names = self.partitions(self.topic_prefix + topic.name)
            return [record for one in names for record in self.logs[one].records]

    def messages(self, topic: Topic) -> list[Message]:
        """The same, decoded; tombstones are left out."""
        records = self.records(topic)
        return [decode(topic, one.value) for one in records if one.value is not None]

    def owned_by(self, group: str, member: MemoryConsumer) -> set[Partition]:
        with self.changed:
            return self._groups[self.topic_prefix + group].owned_by(member)

    def committed(self, group: str) -> dict[Partition, Position]:
        with self.changed:
            return dict(self._groups[self.topic_prefix + group].commits)

    def lag(self, group: str, topic: Topic) -> int:
        """Records that the group has not committed."""
        commits = self.committed(group)
        names = self.partitions(self.topic_prefix + topic.name)
        return sum(
            self.logs[one].end - (commits[one].offset if one in commits else 0) for one in names
        )

    def delete_before(self, partition: Partition, offset: int) -> None:
        """What retention does."""
        with self.changed:
            self.logs[partition].delete_before(offset)

    def compact(self, topic: Topic) -> None:
        """What the log cleaner does: of each key the latest record stays."""
        with self.changed:
            for partition in self.partitions(self.topic_prefix + topic.name):
                self.logs[partition].compact()

    def fail(self, operation: Operation, *errors: Exception) -> None:
        """The next such operations raise these."""
        self._failures[operation].extend(errors)

    def raise_failure(self, operation: Operation) -> None:
        if self._failures[operation]:
            raise self._failures[operation].popleft()

    def wait_until(self, holds: Callable[[], bool], timeout_s: float = 30.0) -> None:
        """Return as soon as it holds; raises TimeoutError. For tests: nothing is slept through."""
        with self.changed:
            if not self.changed.wait_for(holds, timeout_s):
                raise TimeoutError(f"not within {timeout_s:g} s")


class MemoryBrokerPublisher:
    """Records are on the log when `publish` returns, acknowledged when `flush` does."""

    def __init__(self, broker: MemoryBroker, source: str, clock: Clock | None = None) -> None:
        self._broker, self._source = broker, source
        self._clock = clock or SystemClock()

    def publish(self, *outgoing: Outgoing) -> None:
        now = self._clock.now()
        for record in [packed(one, self._source, now) for one in outgoing]:
            self.publish_verbatim(record)

    def publish_verbatim(self, record: Verbatim) -> None:
        name = self._broker.topic_prefix + record.topic.name
        self._broker.append(name, record.key, record.value, record.headers)

    def flush(self) -> None:
        self._broker.raise_failure("produce")


class MemoryReader:
    """Reads partitions outside any group."""

    def __init__(self, broker: MemoryBroker, partitions: Iterable[Partition], start: Start) -> None:
        self._broker = broker
        bounds = {one: broker.bounds(one) for one in partitions}
        self.ends: Mapping[Partition, int] = {one: place.end for one, place in bounds.items()}
        self.starts: Mapping[Partition, int] = {
            one: begin(place, one.number, start) for one, place in bounds.items()
        }
        self._next = dict(self.starts)

    def poll(self, most: int, timeout_s: float) -> Sequence[Record]:
        with self._broker.changed:
            self._broker.changed.wait_for(lambda: self._broker.fetch(self._next, 1), timeout_s)
            records = self._broker.fetch(self._next, most)
            self._next.update((one.partition, one.offset + 1) for one in records)
            return records

    def is_caught_up(self) -> bool:
        with self._broker.changed:
            left = self._broker.fetch(self._next, 1)
            return all(record.offset >= self.ends[record.partition] for record in left)

    def close(self) -> None:
        """Nothing is kept open."""
