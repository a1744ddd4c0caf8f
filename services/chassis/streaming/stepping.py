"""Batches of records through a pure step: what a stateful stream does, without what carries it.

The shell (stateful.py on Faust, memory_stream.py in memory) reads records, publishes outputs,
writes states and acknowledges; everything decided in between is decided here.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from schemas.base import Message
from schemas.codec import DecodeError, decode
from schemas.topics import Topic
from services.chassis.clock import Clock
from services.chassis.errors import InvalidMessage
from services.chassis.streaming.deadletters import (
    DeadLetterCount,
    DeadLetterLimit,
    DeadLetterLimitExceeded,
    dead_letter,
)
from services.chassis.streaming.journal import Journal
from services.chassis.streaming.records import Outgoing, Partition, Record, Tombstone
from services.chassis.streaming.rejections import Member
from services.chassis.telemetry import logs, metrics

log = logs.get("stepping")
S = TypeVar("S")
Place = tuple[int, bytes]
"""The number of a partition, and a key: where a state lies. All input topics are partitioned
alike, so a key has one place.
"""


class Step(Protocol[S]):
    """The pure part. States are values: a new one is returned, the old one never changed.

    A record may come again, with the state before or after it: the same outputs must follow.
    """

    def unpack(self, packed: bytes) -> S:
        """What `pack` gave, in this life or an earlier one."""

    def pack(self, state: S) -> bytes: ...

    def __call__(
        self, state: S | None, record: Record, message: Message | Tombstone
    ) -> tuple[S | None, Iterable[Outgoing]]:
        """The key is the record's. None is the state of a key never seen; returned, it deletes.
        Raises InvalidMessage for a record that cannot be used.
        """

    def tick(self, state: S, now: datetime) -> tuple[S | None, Iterable[Outgoing]]:
        """About once a second for every state that is ours: what time alone brings. Returns the
        state itself where it brings nothing.
        """


@dataclass
class Change(Generic[S]):
    """What a batch or a tick leads to: first the outputs are acknowledged, then states written."""

    outputs: list[tuple[Record | None, Outgoing]] = field(default_factory=list)
    states: dict[Place, S | None] = field(default_factory=dict)


class Stepping(Generic[S]):
    """One member's states, unpacked, and the step over them.

    `read` gives the packed state of a place. A state is unpacked when it is first needed and
    packed once a batch, however many records of the batch concern it.
    """

    def __init__(
        self,
        member: Member,
        step: Step[S],
        read: Callable[[Place], bytes | None],
        journal: Journal,
        clock: Clock,
        limit: DeadLetterLimit = DeadLetterLimit(),
    ) -> None:
        self._member, self._step, self._read = member, step, read
        self._journal, self._clock = journal, clock
        self._kept: dict[Place, S | None] = {}
        self._counts = {
            topic.name: DeadLetterCount(limit, journal.letters(topic.name))
            for topic in member.topics.values()
        }

    def forget(self) -> None:
        """Partitions moved: what is kept in memory may be another member's by now."""
        self._kept.clear()

    def load(self, places: Iterable[Place]) -> None:
        """Have the states of these places at hand, for ticks."""
        for place in places:
            self._state(place, self._kept)

    def take(
        self, records: Sequence[Record], refused: Mapping[tuple[Partition, int], str] = {}
    ) -> Change[S]:
        """Take records in order. `refused` are invalid for a reason found out later.

        A bug raises; when the same one has come at the same record before, in an earlier life, the
        record is put aside instead.
        """
        change: Change[S] = Change()
        for record in records:
            topic = self._member.topics[record.partition.topic]
            metrics.count("records_consumed", topic.name)
            try:
                if reason := refused.get((record.partition, record.offset)):
                    raise InvalidMessage(reason)
                self._apply(record, self._decode(topic, record), change)
                self._counts[topic.name].valid()
            except DecodeError as error:
                if self._member.owns_letters(topic):
                    self._reject(topic, record, str(error), change)
                else:
                    metrics.count("records_skipped", topic.name)
            except InvalidMessage as error:
                self._reject(topic, record, str(error), change)
            except DeadLetterLimitExceeded:
                raise
            except Exception as error:  # noqa: BLE001 - noted, then raised
                self._put_aside_or_raise(topic, record, error, change)
        return change

    def tick(self, now: datetime) -> Change[S]:
        """Of all states at hand."""
        change: Change[S] = Change()
        for place, state in self._kept.items():
            if state is not None:
                after, outputs = self._step.tick(state, now)
                change.outputs += ((None, outgoing) for outgoing in outputs)
                if after is not state:
                    change.states[place] = after
        return change

    def packed(self, change: Change[S]) -> dict[Place, bytes | None]:
        """The states to write; None deletes."""
        return {
            place: None if state is None else self._step.pack(state)
            for place, state in change.states.items()
        }

    def keep(self, change: Change[S]) -> None:
        """The change is written: go on from it."""
        self._kept.update(change.states)
        for place, state in change.states.items():
            if state is None:
                del self._kept[place]
        self._journal.keep_letters({name: one.counts for name, one in self._counts.items()})

    def _decode(self, topic: Topic, record: Record) -> Message | Tombstone:
        if record.key is None:
            raise DecodeError("the record has no key")
        if record.value is None and topic.is_compacted:
            return Tombstone(topic, record.key)
        return decode(topic, record.value)

    def _apply(self, record: Record, message: Message | Tombstone, change: Change[S]) -> None:
        place = (record.partition.number, record.key or b"")
        before = self._state(place, change.states)
        after, outputs = self._step(before, record, message)
        change.outputs += [(record, outgoing) for outgoing in outputs]
        if after is not before:
            change.states[place] = after

    def _state(self, place: Place, fresh: Mapping[Place, S | None]) -> S | None:
        if place in fresh:
            return fresh[place]
        if place not in self._kept:
            packed = self._read(place)
            if packed is None:
                return None
            self._kept[place] = self._step.unpack(packed)
        return self._kept[place]

    def _reject(self, topic: Topic, record: Record, reason: str, change: Change[S]) -> None:
        self._counts[topic.name].invalid()
        self._write_down(topic, record, reason, change)

    def _put_aside_or_raise(
        self, topic: Topic, record: Record, error: Exception, change: Change[S]
    ) -> None:
        text = f"{type(error).__name__}: {error}"
        if not self._journal.is_second(record, text):
            self._journal.note(record, text)
            raise error
        self._counts[topic.name].crash()
        self._write_down(topic, record, f"took the service down twice: {text}", change)

    def _write_down(self, topic: Topic, record: Record, reason: str, change: Change[S]) -> None:
        metrics.count("records_deadlettered", topic.name)
        log.warning("dead letter", at=(*record.partition, record.offset), reason=reason)
        letter = dead_letter(topic, record, self._member.group, reason, self._clock)
        change.outputs.append((None, letter))
