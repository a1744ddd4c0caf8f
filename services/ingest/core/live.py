"""Frames of an endless source -> clips, and the time at which a live frame was seen."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from schemas.clips import Grid
from services.chassis.media.timeline import Shown
from services.ingest.core.cutting import Clip, Cutting
from services.ingest.core.sampling import Sample, Sampling

P = TypeVar("P")
Q = TypeVar("Q")

STEP_S = 30.0
"""A wall clock that was set further than this gives the source a new origin."""
SLEW = 0.001
"""A smaller difference is made up by so much time in each second, as NTP does."""


class LiveClock:
    """The time of a live frame: the monotonic clock, anchored to the wall clock.

    Never goes back. A small step of the wall clock is followed slowly. `has_stepped` says that it
    was set far: then whoever cuts begins a new grid, with a clock anchored anew.
    """

    def __init__(self, wall: datetime, monotonic_s: float) -> None:
        self._wall, self._monotonic_s = wall, monotonic_s

    def at(self, monotonic_s: float) -> datetime:
        return self._wall + timedelta(seconds=monotonic_s - self._monotonic_s)

    def follow(self, wall: datetime, monotonic_s: float) -> None:
        """Bring the two nearer to one another, by at most SLEW times what passed since the last
        call.
        """
        passed_s = max(0.0, monotonic_s - self._monotonic_s)
        at = self.at(monotonic_s)
        ahead_s = (wall - at).total_seconds()
        most_s = SLEW * passed_s
        self._wall = at + timedelta(seconds=min(max(ahead_s, -most_s), most_s))
        self._monotonic_s = max(monotonic_s, self._monotonic_s)

    def has_stepped(self, wall: datetime, monotonic_s: float) -> bool:
        return abs((wall - self.at(monotonic_s)).total_seconds()) > STEP_S


class LiveCutter(Generic[P, Q]):
    """Cuts one life of an endless source: one grid. Made anew after a restart or on another
    worker it cuts the same clips; the one that was begun in its middle is left out.
    """

    def __init__(self, grid: Grid, draw: Callable[[P, float], Q]) -> None:
        """`draw` makes of a frame, and the seconds from the origin at which it is sampled, what
        clips are made of. Only sampled frames are drawn, and each only once.
        """
        self.grid, self._draw = grid, draw
        self._sampling: Sampling[P] = Sampling(grid.spec.frame_rate)
        self._cutting: Cutting[Q] = Cutting(grid.spec)
        self._latest_s = 0.0
        self._drawn: tuple[P, Q] | None = None

    def show(self, picture: P, moment: datetime) -> Iterator[Clip[Q]]:
        """A frame came. One from before the grid's origin is left out."""
        at_s = (moment - self.grid.origin_at).total_seconds()
        if at_s < self._latest_s:
            return
        self._latest_s = at_s
        for sample in self._sampling.show(Shown(picture, at_s, at_s)):
            yield from self._take(sample)

    def idle(self, moment: datetime) -> Iterator[Clip[Q]]:
        """No frame came until now: a clip that waits for one does not wait for ever."""
        now_s = (moment - self.grid.origin_at).total_seconds()
        for sample in self._sampling.idle(now_s):
            yield from self._take(sample)
        if self._sampling.is_over(now_s):
            yield from self._cutting.end()

    def _take(self, sample: Sample[P]) -> Iterator[Clip[Q]]:
        if self._drawn is None or self._drawn[0] is not sample.picture:
            at_s = sample.number / self.grid.spec.frame_rate
            self._drawn = sample.picture, self._draw(sample.picture, at_s)
        yield from self._cutting.take(Sample(sample.number, self._drawn[1]))
