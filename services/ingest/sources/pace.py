"""Video that comes in pieces, or faster than it was filmed -> at the speed of life."""

import time

LEAP_S = 10.0
"""A packet that is due so long after the one before belongs to another clock: it begins anew."""
EARLY_S, CATCH_UP, MOST_GAIN_S = 5.0, 0.05, 10.0
"""Where packets lay there for so long before their turn, a stream that is live goes faster by such
a share, until they do not, and gains so much at most: what has more is not live.
"""


class Pace:
    """Holds packets back until it is their turn. Once the stock ran out, it goes on from there."""

    def __init__(self, catches_up: bool = False) -> None:
        """`catches_up`: what is late once, and queues from then on, is not late for ever."""
        self._catches_up = catches_up
        self._start_s: float | None = None
        self._latest_s: float | None = None
        self._early_s = self._gained_s = 0.0

    def wait(self, arrived_s: float, dts_s: float | None) -> float:
        """Return when it is time, and which time it is (time.monotonic)."""
        due_s = self.due(arrived_s, dts_s)
        if due_s > arrived_s:
            time.sleep(due_s - arrived_s)
        return due_s

    def due(self, arrived_s: float, dts_s: float | None) -> float:
        """When it is the turn of a packet that was asked for after the turn of the one before."""
        if dts_s is None:
            return arrived_s
        step_s = 0.0 if self._latest_s is None else dts_s - self._latest_s
        self._latest_s = dts_s
        if self._start_s is None or step_s < 0:
            self._begin(arrived_s - dts_s)
        assert self._start_s is not None
        due_s = self._start_s + dts_s
        if due_s < arrived_s or due_s > arrived_s + LEAP_S:
            self._begin(arrived_s - dts_s)
            return arrived_s
        if self._catches_up:
            self._hurry(due_s - arrived_s, step_s)
        return max(self._start_s + dts_s, arrived_s)

    def _begin(self, start_s: float) -> None:
        self._start_s = start_s
        self._early_s = self._gained_s = 0.0

    def _hurry(self, slack_s: float, step_s: float) -> None:
        """A packet that came when it was asked for has a slack of nearly the whole step."""
        assert self._start_s is not None
        self._early_s = self._early_s + step_s if slack_s > step_s / 4 else 0.0
        if self._early_s > EARLY_S and self._gained_s < MOST_GAIN_S:
            self._start_s -= CATCH_UP * step_s
            self._gained_s += CATCH_UP * step_s
