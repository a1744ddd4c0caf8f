"""How far each partition is: what may be committed, and the note that is committed with it.

A commit stays below what the handler holds, while its note says how far the partition is really
done. After a restart or takeover the records in between come `again`.
"""

import json
import threading
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field

from services.chassis.streaming.broker import Position
from services.chassis.streaming.deadletters import LetterCounts
from services.chassis.streaming.records import Partition

MAX_ERROR_CHARS = 300
"""Kafka takes notes of 4096 bytes."""
NO_LETTERS = LetterCounts()


@dataclass(frozen=True)
class Strike:
    """Records `first` to `last` were at work when the service went down with `error`."""

    first: int
    last: int
    error: str

    def covers(self, offset: int) -> bool:
        return self.first <= offset <= self.last


@dataclass(frozen=True)
class Note:
    """What is kept beside a commit: records before `done` are handled and acknowledged."""

    done: int = 0
    letters: LetterCounts = NO_LETTERS
    """Of the whole topic, as the member that committed saw it."""
    strike: Strike | None = None

    def pack(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=True, separators=(",", ":"))

    @classmethod
    def unpack(cls, packed: str) -> "Note":
        """Notes of other programs and none at all are an empty note."""
        try:
            content = json.loads(packed)
            strike = content["strike"]
            return cls(
                int(content["done"]),
                LetterCounts(*map(int, content["letters"])),
                Strike(**strike) if strike else None,
            )
        except (ValueError, KeyError, TypeError):
            return cls()


@dataclass
class _Place:
    """One partition: the next record to handle, how far it is done, what is committed."""

    reached: int
    done: int
    held: int | None = None
    letters: LetterCounts = NO_LETTERS
    strike: Strike | None = None
    committed: Position | None = None

    def position(self) -> Position:
        offset = self.reached if self.held is None else min(self.reached, self.held)
        return Position(offset, Note(self.done, self.letters, self.strike).pack())


@dataclass
class Positions:
    """The partitions of one member. Safe between the polling and the working thread."""

    _places: dict[Partition, _Place] = field(default_factory=dict)
    _changed: set[Partition] = field(default_factory=set)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def begin(self, partition: Partition, start: int, note: Note) -> None:
        """A partition was assigned; its next record is at `start`. That is committed too, so that
        a group is known to have begun even if nothing comes.
        """
        with self._lock:
            self._places[partition] = _Place(
                start, max(note.done, start), letters=note.letters, strike=note.strike
            )
            self._changed.add(partition)

    def forget(self, partitions: Collection[Partition]) -> None:
        with self._lock:
            for partition in partitions:
                self._places.pop(partition, None)
                self._changed.discard(partition)

    def done(self, partition: Partition) -> int:
        """Records before this offset were handled in this life or an earlier one."""
        with self._lock:
            place = self._places.get(partition)
            return place.done if place else 0

    def advance(
        self,
        reached: Mapping[Partition, int],
        held: Mapping[Partition, int],
        letters: Mapping[str, LetterCounts],
    ) -> None:
        """All before `reached` is handled and acknowledged; commits stay below `held`."""
        with self._lock:
            for partition, offset in reached.items():
                if place := self._places.get(partition):
                    place.reached = offset
                    place.done = max(place.done, offset)
                    place.letters = letters.get(partition.topic, place.letters)
                    if place.strike and offset > place.strike.last:
                        place.strike = None
                    self._changed.add(partition)
            for partition, place in self._places.items():
                if place.held != held.get(partition):
                    place.held = held.get(partition)
                    self._changed.add(partition)

    def strike(self, strikes: Mapping[Partition, Strike]) -> None:
        with self._lock:
            for partition, strike in strikes.items():
                if place := self._places.get(partition):
                    place.strike = strike
                    self._changed.add(partition)

    def strike_of(self, partition: Partition) -> Strike | None:
        with self._lock:
            place = self._places.get(partition)
            return place.strike if place else None

    @property
    def has_strikes(self) -> bool:
        with self._lock:
            return any(place.strike for place in self._places.values())

    def uncommitted(self) -> dict[Partition, Position]:
        """Positions that changed since they were last returned."""
        with self._lock:
            fresh: dict[Partition, Position] = {}
            for partition in self._changed:
                place = self._places[partition]
                position = place.position()
                if position != place.committed:
                    place.committed = fresh[partition] = position
            self._changed.clear()
            return fresh

    def not_committed(self, partitions: Collection[Partition]) -> None:
        """A commit of these failed: return them again."""
        with self._lock:
            for partition in partitions:
                if place := self._places.get(partition):
                    place.committed = None
                    self._changed.add(partition)

    def next_offsets(self) -> dict[Partition, int]:
        with self._lock:
            return {partition: place.reached for partition, place in self._places.items()}

    def letters(self, topic: str) -> LetterCounts:
        """Of the topic's partitions the count that has come furthest."""
        with self._lock:
            counts = [one.letters for name, one in self._places.items() if name.topic == topic]
            return max(counts, default=LetterCounts())
