"""The latest events of one topic in memory, shared by all who listen."""

import threading
from collections.abc import Sequence
from typing import NamedTuple

from services.api.events.content import Event

MOST = 4_000
"""Events kept of a topic; whoever is further behind reads the topic by themselves."""


class Entry(NamedTuple):
    """What lies at an offset; None: nothing that is shown to anybody."""

    partition: int
    offset: int
    event: Event | None


class TopicLog:
    """Safe between threads. One thread appends; `floors` are the first offsets that it has."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._entries: list[Entry] = []
        self._first = 0
        """The number of the first entry: entries are counted on for ever."""
        self._floors: list[int] = []
        self._nexts: list[int] = []
        self._ends: list[int] = []

    @property
    def is_open(self) -> bool:
        """Whether anybody has begun to read the topic."""
        return bool(self._nexts)

    def opened(self, starts: Sequence[int], ends: Sequence[int]) -> None:
        """Whoever appends begins there, or goes on there after an outage."""
        with self._lock:
            self._ends = list(ends)
            if list(starts) == self._nexts:
                return
            self._first += len(self._entries) + 1  # whoever is in the midst of it looks again
            self._entries.clear()
            self._floors, self._nexts = list(starts), list(starts)

    @property
    def nexts(self) -> dict[int, int]:
        """What is to be read next of each partition."""
        with self._lock:
            return dict(enumerate(self._nexts))

    def now(self) -> list[int]:
        """Positions of whoever wants to hear of what comes from now on alone."""
        with self._lock:
            return [max(pair) for pair in zip(self._ends, self._nexts, strict=True)]

    def append(self, entries: Sequence[Entry]) -> None:
        """In order of offsets within each partition."""
        with self._lock:
            self._entries += entries
            for entry in entries:
                self._nexts[entry.partition] = entry.offset + 1
            if len(self._entries) > 2 * self._most:
                self._forget(len(self._entries) - self._most)

    def place_for(self, positions: Sequence[int]) -> int | None:
        """Where in the log one reads on at those positions, passing over what lies before them.

        None while the log begins after them, or they lie beyond what it has heard of: then only the
        topic itself says whether they are ahead, or of a topic that is no more.
        """
        with self._lock:
            padded = [*positions, *[0] * (len(self._floors) - len(positions))]
            beyond = map(max, self._ends, self._nexts)
            spans = zip(padded, self._floors, beyond, strict=False)
            is_here = all(floor <= position <= end for position, floor, end in spans)
            return self._first if self._floors and is_here else None

    def since(self, place: int, most: int) -> Sequence[Entry] | None:
        """Entries from there on; None when they are gone. The next place is as many further."""
        with self._lock:
            begin = place - self._first
            if begin < 0 or begin > len(self._entries):
                return None
            return self._entries[begin : begin + most]

    def _forget(self, count: int) -> None:
        for entry in self._entries[:count]:
            self._floors[entry.partition] = entry.offset + 1
        del self._entries[:count]
        self._first += count
