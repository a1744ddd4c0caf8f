"""Video that comes in pieces, or faster than it was filmed -> at the speed of life."""

import time

LEAP_S = 10.0
"""A packet that is due so long after the one before belongs to another clock: it begins anew."""


class Pace:
    """Holds packets back until it is their turn. Once the stock ran out, it goes on from there."""

    def __init__(self) -> None:
        self._start_s: float | None = None
        self._latest_s: float | None = None

    def wait(self, arrived_s: float, dts_s: float | None) -> float:
        """Return when it is time, and which time it is (time.monotonic)."""
        due_s = self._due(arrived_s, dts_s)
        if due_s > arrived_s:
            time.sleep(due_s - arrived_s)
        return max(due_s, arrived_s)

    def _due(self, arrived_s: float, dts_s: float | None) -> float:
        if dts_s is None:
            return arrived_s
        is_back = self._latest_s is not None and dts_s < self._latest_s
        self._latest_s = dts_s
        if self._start_s is None or is_back:
            self._start_s = arrived_s - dts_s
        due_s = self._start_s + dts_s
        if due_s < arrived_s or due_s > arrived_s + LEAP_S:
            self._start_s = arrived_s - dts_s
            return arrived_s
        return due_s
