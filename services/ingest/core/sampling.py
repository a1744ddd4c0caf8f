"""Frames at any times -> samples at an even rate, numbered from the origin of the grid.

Sample-and-hold: sample k is the latest frame shown at k / frame_rate seconds after the origin. So a
slow video repeats frames, a fast one drops some, and a variable rate needs no special case. Where
no frame is on screen there is no sample: nothing is made up for a gap.
"""

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Generic, TypeVar

from services.chassis.media.timeline import HOLD_S, MOST_HOLD_S, TOLERANCE_S, Frame, Shown, Timeline

P = TypeVar("P")

RECENT_STEPS = 8


@dataclass(frozen=True)
class Sample(Generic[P]):
    """The picture on screen at `number / frame_rate` seconds after the origin."""

    number: int
    picture: P


class Sampling(Generic[P]):
    """Push frames in, in order of time; samples come out as soon as they are certain.

    Holds one frame. A frame is held until the next one comes, at most HOLD_S, or twice the step
    that the source itself keeps (time-lapse), at most MOST_HOLD_S.
    """

    def __init__(self, frame_rate: float) -> None:
        self._rate = frame_rate
        self._held: Shown[P] | None = None
        self._next = 0
        self._steps: deque[float] = deque(maxlen=RECENT_STEPS)

    def show(self, frame: Shown[P]) -> Iterator[Sample[P]]:
        """A frame came on screen: the samples that the one before it fills."""
        is_new = self.is_over(frame.start_s)
        if self._held is not None:
            yield from self._fill(frame.start_s)
            self._steps.append(frame.start_s - self._held.start_s)
        if is_new:
            self._next = max(self._next, self._first_at(frame.start_s))
        self._held = frame

    def idle(self, now_s: float) -> Iterator[Sample[P]]:
        """No other frame came until now: the samples that are certain all the same."""
        if self._held is not None:
            yield from self._fill(now_s)

    def is_over(self, now_s: float) -> bool:
        """Nothing is on screen any more."""
        return self._held is None or now_s > self._over_s

    def end(self) -> Iterator[Sample[P]]:
        """No frame comes after the latest, which is shown for as long as it says."""
        if self._held is not None:
            shortest_s = self._held.start_s + 2 * TOLERANCE_S
            yield from self._fill(max(self._held.end_s, shortest_s))

    @property
    def _over_s(self) -> float:
        """When the held frame is gone, should no other come. Asked only where one is held."""
        assert self._held is not None
        step_s = median(self._steps) if self._steps else 0.0
        return self._held.start_s + min(max(HOLD_S, 2 * step_s), MOST_HOLD_S)

    def _fill(self, until_s: float) -> Iterator[Sample[P]]:
        assert self._held is not None
        until_s = min(until_s, self._over_s)
        while self._next / self._rate + TOLERANCE_S < until_s:
            yield Sample(self._next, self._held.picture)
            self._next += 1

    def _first_at(self, start_s: float) -> int:
        return math.ceil((start_s - TOLERANCE_S) * self._rate)


def sample(
    frames: Iterable[Frame[P]], frame_rate: float, timeline: Timeline
) -> Iterator[Sample[P]]:
    """The samples of a whole video, drawn lazily; at least one, if there is a frame.

    A frame that is held gives the same object again.
    """
    sampling: Sampling[P] = Sampling(frame_rate)
    for frame in frames:
        yield from sampling.show(timeline.place(frame))
    yield from sampling.end()
