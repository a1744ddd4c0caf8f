"""What waits to be sent, in which order it goes, on which lane, and what has to go (ADR 0024).

Pure: no files, no clock. Messages are numbered as they came; the numbers go up.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

LIVE_S = 5.0
"""A clip that could not be sent for so long is late: what came after it goes before it."""
BLOCK = 4
"""Clips that go on one lane together, from an index on that it divides: no backbone looks at more
at once, and none of its windows shall lie half on one lane and half on the other.
"""
FOUND_S = float("-inf")
"""When a clip came that is late from the start: an earlier process left it, or it was recorded long
ago. A source has such clips before all others, or it has none but such.
"""

Lane = Literal["fact", "live", "late"]


@dataclass(frozen=True)
class Waiting:
    """A message that is not acknowledged. `came_s` is by the clock that never goes back, `index`
    of a clip on its grid.
    """

    number: int
    is_clip: bool
    size_bytes: int
    came_s: float
    index: int = -1

    def goes_with(self, other: "Waiting") -> bool:
        """Whether both are clips of one block."""
        return self.index // BLOCK == other.index // BLOCK and min(self.index, other.index) >= 0

    @property
    def ends_block(self) -> bool:
        return self.index < 0 or self.index % BLOCK == BLOCK - 1


class Departure(NamedTuple):
    """What is to be sent now. A fact is whatever is no clip; it has no lane to choose."""

    waiting: Waiting
    lane: Lane


class WaitingLine:
    """All that waits of one source, and the order of its going.

    Facts go first, in the order in which they came. Then clips younger than LIVE_S, in order;
    then the late ones, in order. So each of the three is a sequence that never goes back, and a
    backlog never delays what is live. Within `most_bytes` nothing is dropped; beyond, the oldest
    clips are, and facts only where there is no clip left to drop.

    A block goes on one lane as a whole: where one clip of it is late all are. Those that went live
    before are kept until their block is through, and go once more then.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._facts: deque[Waiting] = deque()
        self._live: deque[Waiting] = deque()
        self._late: deque[Waiting] = deque()
        self._went: list[Waiting] = []
        """Clips that went live, of a block that is not through."""
        self._became_late: Waiting | None = None
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._facts) + len(self._live) + len(self._late)

    @property
    def size_bytes(self) -> int:
        return self._bytes

    def late_clips(self, now_s: float) -> int:
        """Those that waited longer than LIVE_S, and what goes with them."""
        while self._live and self._is_late(self._live[0], now_s):
            first = self._live.popleft()
            for companion in [one for one in self._went if one.goes_with(first)]:
                self._went.remove(companion)
                self._late.append(companion)
                self._bytes += companion.size_bytes
            self._late.append(first)
            self._became_late = first
        return len(self._late)

    def _is_late(self, clip: Waiting, now_s: float) -> bool:
        latest = self._became_late
        return now_s - clip.came_s > LIVE_S or (latest is not None and clip.goes_with(latest))

    def add(self, waiting: Waiting) -> None:
        clips = self._late if waiting.came_s == FOUND_S else self._live
        queue = clips if waiting.is_clip else self._facts
        queue.append(waiting)
        self._bytes += waiting.size_bytes

    def overflow(self) -> Iterator[Waiting]:
        """What must be dropped to be within the bound, oldest first; gone as it comes out."""
        while self._bytes > self._most_bytes and len(self) > 1:
            yield self.drop_oldest()

    def drop_oldest(self) -> Waiting:
        """The oldest clip, or the oldest fact where there is no clip. Not empty."""
        for queue in (self._late, self._live, self._facts):
            if queue:
                return self._taken(queue)
        raise LookupError("nothing waits")

    def next(self, now_s: float, late_may_go: bool) -> Departure | None:
        """What is to be sent now; it stays until `sent` or dropped. None: nothing that may."""
        late = self.late_clips(now_s)
        if self._facts:
            return Departure(self._facts[0], "fact")
        if self._live:
            return Departure(self._live[0], "live")
        if late and late_may_go:
            return Departure(self._late[0], "late")
        return None

    def gone(self, waiting: Waiting, lane: Lane) -> list[Waiting]:
        """It was acknowledged on that lane, or can never be sent. Returns what is needed no more.
        Harmless for what was dropped meanwhile. While it was under way it may have become late.
        """
        if lane == "live" and waiting in self._live:
            return self._gone_live(waiting)
        if lane == "live" and waiting in self._late and waiting.index >= 0:
            return []  # its block became late meanwhile, so it goes once more
        self.drop(waiting)
        return [waiting]

    def _gone_live(self, waiting: Waiting) -> list[Waiting]:
        self.drop(waiting)
        through = [one for one in self._went if not one.goes_with(waiting)]
        self._went = [one for one in self._went if one not in through]
        if not waiting.ends_block:
            self._went.append(waiting)
            return through
        through += [*self._went, waiting]
        self._went = []
        return through

    def went(self) -> list[Waiting]:
        """Clips that went already, and are kept in case that the rest of their block is late."""
        return list(self._went)

    def drop(self, waiting: Waiting) -> None:
        """This one, wherever it stands. Harmless when it is gone."""
        for queue in (self._facts, self._live, self._late):
            if waiting in queue:
                queue.remove(waiting)
                self._bytes -= waiting.size_bytes

    def _taken(self, queue: deque[Waiting]) -> Waiting:
        first = queue.popleft()
        self._bytes -= first.size_bytes
        return first
