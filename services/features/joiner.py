"""The clips of one partition: which windows they complete, what waits, and from where to go on.

The work for a record does not grow with the number of sources. A record taken once is not taken
again: its windows are remembered until they are settled, so a batch that is handled a second time
has the same ones.
"""

import heapq
import math
from collections import OrderedDict
from dataclasses import dataclass

from schemas.clips import SequenceId
from services.features.core import Layout, Received, Run, Window, close, step

MAX_RECORDS = 4096
"""After so many records of a partition nothing waits any longer. A neighbour comes within as many
records as there are sources, and no worker reads so many: that would be 3,800 live clips a second.
"""


@dataclass(frozen=True)
class Patience:
    """How long a clip waits for the next one of its source before it makes a window alone."""

    ahead_s: float
    """So many seconds of footage another source of the partition may go on beyond the hop. This is
    counted in clips on the log, so a worker that is behind loses no patience."""
    silence_s: float
    """So long nothing at all may come on the partition, in seconds of the worker's time."""


LIVE = Patience(ahead_s=5.0, silence_s=10.0)
"""A camera's next clip is there after one hop; more than some seconds later it has a gap."""
BULK = Patience(ahead_s=math.inf, silence_s=300.0)
"""An upload waits in the throttle of ingest while others' clips are read, and cutting is as fast
as its video is small: only records count, and a silence that no network is slow enough to make."""


@dataclass(slots=True)
class Source:
    """The run of one source, and when it was last added to."""

    run: Run
    position_s: float
    """How far it is, on the time line of the partition."""
    added_s: float
    """How far the foremost source of the partition was then."""
    added_offset: int


class Joiner:
    """Clips of a partition come in the order of their offsets. What is live of a source and what is
    late are two sequences, each joined by itself.
    """

    def __init__(self, layout: Layout, patience: Patience) -> None:
        self._layout, self._patience = layout, patience
        self._sources: OrderedDict[SequenceId, Source] = OrderedDict()
        """The one longest without a clip comes first."""
        self._holds: list[tuple[int, SequenceId]] = []
        """A heap of first offsets; an entry counts only while its source still has that one."""
        self._foremost_s = 0.0
        self._next_offset = 0
        self._unsettled: dict[int, tuple[Window, ...]] = {}

    def __len__(self) -> int:
        """How many sources are kept."""
        return len(self._sources)

    def __contains__(self, sequence: SequenceId) -> bool:
        """Whether a source had a clip not too long ago, and it was not its last."""
        return sequence in self._sources

    @property
    def held(self) -> int | None:
        """The first offset that a restart must see again, if there is one."""
        while self._holds and not self._is_held(*self._holds[0]):
            heapq.heappop(self._holds)
        holds = [offset for offset, _ in self._holds[:1]]
        unsettled = [one.parts[0].offset for some in self._unsettled.values() for one in some]
        return min(holds + unsettled, default=None)

    def take(self, received: Received, again: bool = False) -> tuple[Window, ...]:
        """The windows to put out because of this clip.

        A clip that is `again` completed its window in an earlier life of the worker too, and then
        it was put out. A clip that waited too long may have, or not: its window comes out again.
        """
        if received.offset >= self._next_offset:
            complete = self._add(received)
            due = (*(() if again else complete), *self._overdue(received.offset))
            self._next_offset = received.offset + 1
            if due:
                self._unsettled[received.offset] = due
        return self._unsettled.get(received.offset, ())

    def fall_silent(self) -> tuple[Window, ...]:
        """Nothing came for longer than the patience: what waits makes short windows. Until they
        are settled every call has them.
        """
        due = [window for source in self._sources.values() for window in self._closed(source)]
        self._sources.clear()
        if due:
            silenced = self._unsettled.get(self.silence, ())
            self._unsettled[self.silence] = (*silenced, *due)
        return self._unsettled.get(self.silence, ())

    silence = -1
    """Settle this in place of an offset for windows of `fall_silent`."""

    def settle(self, offset: int) -> None:
        """What the record at this offset caused is acknowledged."""
        self._unsettled.pop(offset, None)

    def _add(self, received: Received) -> tuple[Window, ...]:
        sequence = received.clip.sequence
        source = self._sources.get(sequence)
        run, complete = step(source.run if source else None, received, self._layout)
        if source is not None and run is source.run:
            return complete  # it came before, and does not keep waiting what waits
        if run is None:
            self._sources.pop(sequence, None)
            return complete
        self._sources[sequence] = self._moved(source, run, received)
        self._sources.move_to_end(sequence)
        self._hold(source, run, sequence)
        return complete

    def _moved(self, source: Source | None, run: Run, received: Received) -> Source:
        """A source that goes on moves one hop; one that begins does so beside the foremost."""
        position_s = self._foremost_s
        if source is not None and run.latest.index == source.run.latest.index + 1:
            position_s = source.position_s + run.latest.spec.hop_s
        self._foremost_s = max(self._foremost_s, position_s)
        return Source(run, position_s, self._foremost_s, received.offset)

    def _hold(self, source: Source | None, run: Run, sequence: SequenceId) -> None:
        first = run.first_offset
        if first is not None and (source is None or source.run.first_offset != first):
            heapq.heappush(self._holds, (first, sequence))

    def _is_held(self, offset: int, sequence: SequenceId) -> bool:
        source = self._sources.get(sequence)
        return source is not None and source.run.first_offset == offset

    def _overdue(self, offset: int) -> list[Window]:
        due: list[Window] = []
        while self._sources and self._is_overdue(next(iter(self._sources.values())), offset):
            due += self._closed(self._sources.popitem(last=False)[1])
        return due

    def _is_overdue(self, source: Source, offset: int) -> bool:
        patience_s = self._patience.ahead_s + source.run.latest.spec.hop_s
        return (
            offset - source.added_offset >= MAX_RECORDS
            or self._foremost_s - source.added_s > patience_s
        )

    def _closed(self, source: Source) -> tuple[Window, ...]:
        return close(source.run, self._layout)
