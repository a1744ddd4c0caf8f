"""Media time: the one clock by which a video is cut, shown and proved. Pure.

Zero is the first picture. A recorder's own clock may be missing, jitter, begin anew in the middle
(recordings joined end to end) or leap ahead (summer time, a clock that was set, motion gaps).
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

P = TypeVar("P")
Q = TypeVar("Q")

TOLERANCE_S = 0.001
"""Many containers round times to milliseconds; a frame that late still counts as on time."""
JUMP_S = 1.0
"""Times that go back less than this are jitter, further back another clock."""
GAPS_S = 24 * 3600.0
"""So much time without pictures in all is taken for gaps; a leap past that is another clock."""
HOLD_S = 2.0
"""A frame stays on screen so long when no other comes: what lasts longer is a gap."""
MOST_HOLD_S = 10.0
"""The same for time-lapse footage, whose own step is slower than that."""


@dataclass(frozen=True)
class Frame(Generic[P]):
    """One decoded frame, in the order of presentation. Its time is on the source's own scale."""

    picture: P
    at_s: float | None = None
    duration_s: float | None = None

    def showing(self, picture: Q) -> "Frame[Q]":
        """The same moment with another picture."""
        return Frame(picture, self.at_s, self.duration_s)


@dataclass(frozen=True)
class Shown(Generic[P]):
    """A frame in media time. `end_s` is where it would be over if no other came."""

    picture: P
    start_s: float
    end_s: float


class Timeline:
    """Places frames, told in the order of presentation, in media time. It never goes back.

    After a jump back, time goes on one frame later: what follows a splice follows in time. A leap
    ahead stays a leap, up to GAPS_S in all. The durations that frames claim are believed up to
    MOST_HOLD_S.
    """

    def __init__(self, step_s: float) -> None:
        """`step_s` is how long a frame without a duration of its own is shown."""
        self._step_s = step_s
        self._origin_s: float | None = None
        self._next_s = self._latest_s = self._gaps_s = 0.0
        self.splices = 0
        """How often another clock took over. While there is none, media time is the file's own
        time less a constant, so that a moment can be found by seeking.
        """

    def place(self, frame: Frame[P]) -> Shown[P]:
        start_s = max(self._start(frame.at_s), self._latest_s)
        self._gaps_s += self._gap(start_s)
        self._latest_s = start_s
        self._next_s = start_s + min(frame.duration_s or self._step_s, MOST_HOLD_S)
        return Shown(frame.picture, start_s, self._next_s)

    def _start(self, at_s: float | None) -> float:
        if at_s is None:
            return self._next_s
        if self._origin_s is None:
            self._origin_s = at_s - self._next_s
        elif self._is_jump(at_s - self._origin_s):
            self._origin_s = at_s - self._next_s
            self.splices += 1
        return at_s - self._origin_s

    def _is_jump(self, start_s: float) -> bool:
        back = start_s < self._latest_s - JUMP_S
        return back or self._gaps_s + self._gap(start_s) > GAPS_S

    def _gap(self, start_s: float) -> float:
        missing_s = start_s - self._next_s
        return missing_s if missing_s > MOST_HOLD_S else 0.0
