"""Time as ticks tell it: how long something has been idle while this process was at work."""

from datetime import datetime

MOST_A_TICK_S = 5.0


class Awake:
    """Seconds of being awake. Ticks come about once a second; a longer pause (a suspended process,
    an outage, a clock set forward) counts as five seconds, a clock set back as none: what did not
    come while nobody could have taken it was not silent.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._latest: datetime | None = None

    def tick(self, now: datetime) -> float:
        """Seconds awake so far."""
        if self._latest is not None:
            passed_s = (now - self._latest).total_seconds()
            self.seconds += min(max(passed_s, 0.0), MOST_A_TICK_S)
        self._latest = now
        return self.seconds
