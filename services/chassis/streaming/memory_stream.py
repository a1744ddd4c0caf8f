"""The stateful stream on the fake broker: the same decisions, in the same order, in memory.

The states lie in a dict, and on a changelog that outlives the process like the broker's. A test
may have it die at any of the places where a process can be killed.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from schemas.topics import Topic
from services.chassis.clock import Clock, SystemClock
from services.chassis.streaming.broker import Position, Rebalances
from services.chassis.streaming.journal import Journal, MemoryJournal
from services.chassis.streaming.memory import MemoryBroker
from services.chassis.streaming.outputs import publish_patiently
from services.chassis.streaming.records import Partition
from services.chassis.streaming.rejections import Member
from services.chassis.streaming.sequence import Sequence
from services.chassis.streaming.stepping import Change, Place, Step, Stepping
from services.chassis.streaming.worker import Limits

Moment = Literal["published", "written", "never"]


class Killed(BaseException):
    """The process died here: nothing after this line ran."""


@dataclass
class Kept:
    """What outlives a member: the changelog of its states, and its journal."""

    changelog: dict[Place, bytes] = field(default_factory=dict)
    journal: Journal = field(default_factory=MemoryJournal)


class MemoryStream:
    """A member of `group`. The test's own thread turns it: `turn` takes a batch, `tick` ticks.

    Hand what is kept of a dead member to the next one.
    """

    def __init__(
        self,
        broker: MemoryBroker,
        group: str,
        topics: Iterable[Topic],
        step: Step[Any],
        kept: Kept,
        clock: Clock | None = None,
    ) -> None:
        self._topics = {broker.topic_prefix + topic.name: topic for topic in topics}
        self._publisher, self._clock = broker.publisher(group), clock or SystemClock()
        self.limits = Limits(batch_records=500, backoff_s=0.001, max_backoff_s=0.001)
        self._changelog, self._table = kept.changelog, dict(kept.changelog)
        self._own: set[Partition] = set()
        self.lost: list[tuple[Partition, int, int]] = []
        self.die_when: Moment = "never"
        self._consumer = broker.member(group)
        self._order = Sequence(self._topics, self._consumer, self._report_lost)
        self._stepping: Stepping[Any] = Stepping(
            Member(self._topics, group),
            step,
            self._table.get,
            kept.journal,
            self._clock,
        )
        rebalances = Rebalances(self._on_assigned, self._on_gone, self._on_gone)
        self._consumer.subscribe(list(self._topics), rebalances)

    def turn(self) -> int:
        """Take what is there, in one batch; returns how many records that were."""
        records = self._consumer.poll(self.limits.batch_records, 0)
        for record in records:
            self._order.take(record)
        change = publish_patiently(
            self._publisher,
            lambda refused: self._stepping.take(records, refused),
            self.limits,
            self._clock,
        )
        self._write(change)
        ends = {record.partition: Position(record.offset + 1) for record in records}
        self._consumer.commit_now(ends)
        return len(records)

    def run(self) -> None:
        """Take batches until nothing is left."""
        while self.turn():
            pass

    def tick(self) -> None:
        """What a second brings; its time is the clock's."""
        numbers = {partition.number for partition in self._own}
        self._stepping.load([place for place in self._table if place[0] in numbers])
        now = self._clock.now()
        self._write(
            publish_patiently(
                self._publisher, lambda _: self._stepping.tick(now), self.limits, self._clock
            )
        )

    def kill(self) -> None:
        """Gone without a word; its partitions go to the others."""
        self._consumer.kill()

    def close(self) -> None:
        self._consumer.close()

    def _write(self, change: Change[Any]) -> None:
        self._die("published")
        for place, packed in self._stepping.packed(change).items():
            for states in (self._table, self._changelog):
                if packed is None:
                    states.pop(place, None)
                else:
                    states[place] = packed
        self._die("written")
        self._stepping.keep(change)

    def _die(self, moment: Moment) -> None:
        if self.die_when == moment:
            self.kill()
            raise Killed

    def _report_lost(self, partition: Partition, first: int, last: int) -> None:
        self.lost.append((partition, first, last))

    def _on_assigned(self, partitions: Collection[Partition]) -> Mapping[Partition, int]:
        self._own.update(partitions)
        self._table.update(self._changelog)
        self._order.begin_anew()
        self._stepping.forget()
        committed = self._consumer.committed(partitions)
        return {
            one: max(
                committed[one].offset if one in committed else 0, self._consumer.bounds(one).first
            )
            for one in partitions
        }

    def _on_gone(self, partitions: Collection[Partition]) -> None:
        self._own.difference_update(partitions)
        self._stepping.forget()
