"""The port to Kafka: what the consume loop, views and tools ask of it.

`KafkaBroker` (kafka.py) is the real one, `MemoryBroker` (memory.py) the fake; both pass the same
suite. All methods raise TransientError when Kafka is away, with one sentence that says where it
was looked for.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from services.chassis.streaming.publisher import Publisher
from services.chassis.streaming.records import Partition, Record


class Bounds(NamedTuple):
    """What a partition holds: offsets `first` up to, and without, `end`."""

    first: int
    end: int


@dataclass(frozen=True)
class Position:
    """What a group has committed of a partition: the next offset to read, and a note beside it."""

    offset: int
    note: str = ""


@dataclass(frozen=True)
class Rebalances:
    """What a member does when partitions come and go; called from within its `poll`.

    `assigned` returns the offset to begin at for each partition, `revoked` returns once nothing
    of those partitions is under way any more and may commit, `lost` likewise but may not.
    """

    assigned: Callable[[Collection[Partition]], Mapping[Partition, int]]
    revoked: Callable[[Collection[Partition]], None]
    lost: Callable[[Collection[Partition]], None]


class GroupConsumer(Protocol):
    """One member of a consumer group. Only the thread that polls may call it.

    Rebalances are cooperative: partitions that stay are not disturbed.
    """

    def subscribe(self, topics: Collection[str], rebalances: Rebalances) -> None: ...

    def poll(self, most: int, timeout_s: float) -> Sequence[Record]:
        """Wait for a record, then take what is there already; in order per partition."""

    def commit(self, positions: Mapping[Partition, Position]) -> None:
        """Under way when this returns; what failed is found in `failed_commits`."""

    def commit_now(self, positions: Mapping[Partition, Position]) -> None:
        """Committed when this returns."""

    def failed_commits(self) -> Collection[Partition]:
        """Partitions of which a commit failed since this was last asked."""

    def committed(self, partitions: Collection[Partition]) -> dict[Partition, Position]:
        """What the group has committed; partitions without a commit are left out."""

    def bounds(self, partition: Partition) -> Bounds: ...

    def pause(self) -> None:
        """Stay a member but get no records, until `resume`."""

    def resume(self) -> None: ...

    def seek(self, offsets: Mapping[Partition, int]) -> None:
        """Go on there with partitions that it has. Where Kafka cannot, it goes on where it was."""

    def close(self) -> None:
        """Leave the group; partitions are revoked first."""


Start = Literal["first", "end"] | int | Mapping[int, int] | datetime
"""Where a reader begins: with what is there, with what comes, so many records before the end of
each partition, at an offset of each partition by number (others with what is there), or with what
was written at a moment or later. Brokers in memory know no moments: they begin with what is there.
"""


def begin(bounds: Bounds, number: int, start: Start) -> int:
    """The first offset to read of a partition. One that the partition has no more, or not yet,
    since the topic was made anew, begins with what is there.
    """
    if start == "first" or isinstance(start, datetime):
        return bounds.first
    if start == "end":
        return bounds.end
    if isinstance(start, int):
        return max(bounds.first, bounds.end - start)
    assert not isinstance(start, str)
    wanted = start.get(number, bounds.first)
    return wanted if bounds.first <= wanted <= bounds.end else bounds.first


class LogReader(Protocol):
    """Reads all partitions of one topic, or that of one key, outside any group."""

    @property
    def starts(self) -> Mapping[Partition, int]:
        """The first offset that is read of each partition."""

    @property
    def ends(self) -> Mapping[Partition, int]:
        """Where each partition ended when the reader was made."""

    def poll(self, most: int, timeout_s: float) -> Sequence[Record]: ...

    def is_caught_up(self) -> bool:
        """Whether all that was there when the reader was made has been read."""

    def close(self) -> None: ...


class Broker(Protocol):
    """Kafka, as one stack sees it: names of topics and groups are those of the registry."""

    topic_prefix: str

    @property
    def state_dir(self) -> Path | None:
        """Where members on this machine may keep small files; None: nowhere."""

    def consumer(self, group: str) -> GroupConsumer: ...

    def reader(self, topic: str, start: Start, key: bytes | None = None) -> LogReader:
        """`topic` is the name in the registry; the prefix is put before it. With a key only the
        partition is read on which that key lies, with others.
        """

    def publisher(self, source: str) -> Publisher:
        """`source` is the service that speaks."""
