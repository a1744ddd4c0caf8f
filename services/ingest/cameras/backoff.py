"""Pauses between attempts: each twice as long as the one before, with jitter."""

from random import Random

JITTER = 0.25
"""A pause differs from its length by at most such a share, so that cameras that were lost together
do not come back together.
"""


class Backoff:
    def __init__(self, first_s: float, longest_s: float, chance: Random) -> None:
        self._first_s, self._longest_s, self._chance = first_s, longest_s, chance
        self._next_s = first_s

    def next(self) -> float:
        """Seconds to wait before the next attempt."""
        pause_s, self._next_s = self._next_s, min(2 * self._next_s, self._longest_s)
        return pause_s * self._chance.uniform(1 - JITTER, 1 + JITTER)

    def reset(self) -> None:
        """An attempt succeeded."""
        self._next_s = self._first_s
