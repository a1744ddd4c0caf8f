"""The motion gate: clips in which nothing moves are not published (ADR 0027).

It opens with the clip before the motion, so that an event comes with its beginning, and stays open
for some clips. Both ends lie where windows of two clips do, so that the first window that the
network sees is whole and holds the look-back. What is not published is counted.
"""

from collections import deque
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from services.ingest.core.cutting import Clip

P = TypeVar("P")

ALIGNED = 2
"""The gate opens at a multiple of so many clips and closes at one."""
OPEN_CLIPS = 4
"""It stays open for so many clips after the latest with motion, at least."""
REPORT_CLIPS = 60
"""After so many more withheld clips the count is reported again: about a minute."""


@dataclass(frozen=True)
class Still:
    """Nothing moves since `start_s`: `count` clips up to `at_s` were not published so far."""

    start_s: float
    at_s: float
    count: int
    is_over: bool = False


@dataclass(frozen=True)
class Gated(Generic[P]):
    """What is to be published now, in order, and what is to be reported of stillness."""

    clips: tuple[Clip[P], ...] = ()
    stills: tuple[Still, ...] = ()


class MotionGate(Generic[P]):
    """Of one camera on one grid. Clips come in order; after a gap and at the beginning it is open.

    Holds at most two clips. A clip is published or counted, never both and never neither, but for
    those that it holds when the process dies.
    """

    def __init__(self) -> None:
        self._held: deque[Clip[P]] = deque()
        self._still: Still | None = None
        self._next: int | None = None
        self._open_until = 0
        """The first index that is withheld if nothing moves."""

    def take(self, clip: Clip[P], moves: bool) -> Gated[P]:
        """A clip was cut; `moves` is whether anything moved in any of its pictures."""
        is_gap = clip.index != self._next
        stills = self.end() if is_gap else ()
        self._next = clip.index + 1
        if moves or is_gap:
            self._open_until = _aligned(clip.index + OPEN_CLIPS + ALIGNED)
        if clip.index >= self._open_until:
            return Gated((), self._withhold(clip))
        clips = (*self._held, clip)
        self._held.clear()
        return Gated(clips, stills + self._close(clips[0].start_s))

    def end(self) -> tuple[Still, ...]:
        """No clip follows the latest: the camera is gone, paused, or gets another grid."""
        self._next = None
        while self._held:
            self._count(self._held.popleft())
        return self._close(self._still.at_s) if self._still else ()

    def _withhold(self, clip: Clip[P]) -> tuple[Still, ...]:
        """Hold it as long as a look-back may need it; what it takes the place of is counted."""
        reported = self._still.count // REPORT_CLIPS if self._still else -1
        while self._held and self._held[0].index < _aligned(clip.index):
            self._count(self._held.popleft())
        self._held.append(clip)
        is_due = self._still is not None and self._still.count // REPORT_CLIPS > reported
        return (self._still,) if self._still is not None and is_due else ()

    def _count(self, clip: Clip[P]) -> None:
        """It is not published."""
        so_far = self._still or Still(clip.start_s, clip.start_s, 0)
        self._still = Still(so_far.start_s, clip.end_s, so_far.count + 1)

    def _close(self, at_s: float) -> tuple[Still, ...]:
        still, self._still = self._still, None
        return (replace(still, at_s=at_s, is_over=True),) if still else ()


def _aligned(index: int) -> int:
    return index // ALIGNED * ALIGNED
