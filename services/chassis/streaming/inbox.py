"""The bounded hand-over between the polling thread and the worker."""

import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from threading import Condition, Event
from typing import NamedTuple

from services.chassis.streaming.records import Incoming, Partition, Record


@dataclass(frozen=True)
class Rejected:
    """A record nobody can use. Only the topic's dead-letter owner writes it down."""

    record: Record
    reason: str
    owned: bool


@dataclass(frozen=True)
class Gap:
    """Records `first` to `last` of a partition, which Kafka deleted before they were read."""

    first: int
    last: int


Item = Incoming | Rejected | Gap
Suspicion = Callable[[], Callable[["Entry"], bool] | None]
"""What tells a suspect now; None, as it is mostly, where there is none."""


class Entry(NamedTuple):
    """A place in the queue. `item` gives what stands there once it is prepared."""

    partition: Partition
    offset: int
    end: int
    """The offset after it."""
    item: Callable[[], Item]
    record: Record | None = None
    """None for a gap."""


@dataclass(frozen=True)
class Batch:
    """What the worker is to do next: leave partitions, then handle entries, or else tick."""

    entries: Sequence[Entry] = ()
    gone: frozenset[Partition] = frozenset()
    is_tick: bool = False
    cancelled: Event = field(default_factory=Event)

    def touches(self, partitions: Collection[Partition]) -> bool:
        return self.is_tick or any(entry.partition in partitions for entry in self.entries)


class Inbox:
    """First in, first out. At most one batch is out at a time; `give_back` ends it."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque()
        self._changed = Condition()
        self._out: Batch | None = None
        self._gone: set[Partition] = set()
        self._leaving: Collection[Partition] = ()
        self._closed = False

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, entries: Iterable[Entry]) -> None:
        with self._changed:
            self._entries.extend(entries)
            self._changed.notify_all()

    def first_of_another_key(self, entry: Entry) -> Entry | None:
        """The first record that waits and has another key; it stays in its place."""
        key = entry.record.key if entry.record else None
        with self._changed:
            waiting = (one for one in self._entries if one.record and one.record.key != key)
            return next(waiting, None)

    def wait_for_room(self, most: int, timeout_s: float) -> bool:
        """Whether fewer than `most` wait, now or within the time."""
        with self._changed:
            return self._changed.wait_for(
                lambda: self._closed or len(self._entries) < most, timeout_s
            )

    def take(
        self,
        most: int,
        fill_s: float,
        tick_in_s: float,
        suspicion: Suspicion = lambda: None,
    ) -> Batch | None:
        """Wait for entries, then up to `fill_s` for `most` of them; a suspect is a batch of its
        own. A tick, once its time has come. None when closed.
        """
        tick_at = time.monotonic() + tick_in_s
        with self._changed:
            self._wait_until(lambda: bool(self._entries or self._gone), tick_at)
            if time.monotonic() < tick_at and self._entries and len(self._entries) < most:
                full_at = min(tick_at, time.monotonic() + fill_s)
                self._wait_until(lambda: len(self._entries) >= most or bool(self._gone), full_at)
            if self._closed:
                return None
            self._out = self._next(most, time.monotonic() >= tick_at, suspicion())
            self._changed.notify_all()
            return self._out

    def _next(self, most: int, is_due: bool, is_suspect: Callable[[Entry], bool] | None) -> Batch:
        gone, self._gone = frozenset(self._gone), set()
        if is_due or not self._entries:
            return Batch(gone=gone, is_tick=is_due)
        return Batch(self._taken(most, is_suspect), gone)

    def _taken(self, most: int, is_suspect: Callable[[Entry], bool] | None) -> list[Entry]:
        waiting = self._entries
        if is_suspect is None:
            return [waiting.popleft() for _ in range(min(most, len(waiting)))]
        entries = [waiting.popleft()]
        if not is_suspect(entries[0]):
            while waiting and len(entries) < most and not is_suspect(waiting[0]):
                entries.append(waiting.popleft())
        return entries

    def _wait_until(self, holds: Callable[[], bool], deadline: float) -> None:
        self._changed.wait_for(
            lambda: self._closed or holds(), max(0.0, deadline - time.monotonic())
        )

    def give_back(self, unfinished: Sequence[Entry] = ()) -> None:
        """The batch is over; what was not finished goes to the front, in its order."""
        with self._changed:
            kept = [entry for entry in unfinished if entry.partition not in self._leaving]
            self._entries.extendleft(reversed(kept))
            self._out = None
            self._changed.notify_all()

    def leave(self, gone: Collection[Partition]) -> None:
        """Return once nothing of those partitions is at work or waits. A batch of others goes on;
        one that touches them is cancelled.
        """
        with self._changed:
            self._leaving = gone
            self._drop(gone)
            at_work = self._out
            if at_work is not None and at_work.touches(gone):
                at_work.cancelled.set()
                self._changed.wait_for(lambda: self._out is not at_work)
            self._drop(gone)
            self._leaving = ()
            self._gone.update(gone)
            self._changed.notify_all()

    def _drop(self, gone: Collection[Partition]) -> None:
        self._entries = deque(entry for entry in self._entries if entry.partition not in gone)

    def close(self) -> None:
        """A batch at work is cancelled; no other one is given out."""
        with self._changed:
            self._closed = True
            if self._out is not None:
                self._out.cancelled.set()
            self._changed.notify_all()
