"""The moment of a live frame, from its arrival and the source's own time. Pure.

Arrival is the truth: it never goes back and never runs off. But networks deliver in fits, and the
source's times are even. So a frame is placed by its own time plus the shortest delay of the last
seconds. As long as both clocks agree that takes the jitter out; where they do not (a camera that
stamps 25 frames a second and delivers 21), arrival leads.
"""

from collections import deque

WINDOW_S = 5.0
"""Delays are compared over so long: no longer, so that a clock that runs slow is followed."""
MOST_LAG_S = 3.0
"""A frame is never placed further than this before its arrival."""


class Timing:
    """Places the frames of one connection or several, in the order in which they come.

    Times are seconds of the monotonic clock. They never go back, and are never later than the
    arrival. Work a frame is constant; memory is that of WINDOW_S.
    """

    def __init__(self) -> None:
        self._delays: deque[tuple[float, float]] = deque()
        """(arrived_s, delay) with delays ascending: the first is the least of the window."""
        self._pts_s: float | None = None
        self._latest_s = float("-inf")

    def place(self, arrived_s: float, pts_s: float | None) -> float:
        """When the frame was seen. A time that does not go on from the one before (restarted,
        stuck, missing) says nothing: then the arrival counts.
        """
        if pts_s is None or (self._pts_s is not None and pts_s <= self._pts_s):
            self._delays.clear()
        self._pts_s = pts_s
        at_s = arrived_s if pts_s is None else self._smoothed(arrived_s, pts_s)
        self._latest_s = max(at_s, self._latest_s)
        return self._latest_s

    def _smoothed(self, arrived_s: float, pts_s: float) -> float:
        delay_s = arrived_s - pts_s
        while self._delays and self._delays[-1][1] >= delay_s:
            self._delays.pop()
        self._delays.append((arrived_s, delay_s))
        while self._delays[0][0] < arrived_s - WINDOW_S:
            self._delays.popleft()
        at_s = pts_s + self._delays[0][1]
        return min(max(at_s, arrived_s - MOST_LAG_S), arrived_s)
