"""Time as a dependency."""

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The present moment, timezone-aware UTC. It may step back or ahead."""

    def monotonic(self) -> float:
        """Seconds since some moment; never goes back. Patience and deadlines are counted by it."""

    def wait(self, seconds: float, until: threading.Event) -> bool:
        """Wait at most `seconds`; true as soon as `until` is set."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def wait(self, seconds: float, until: threading.Event) -> bool:
        return until.wait(seconds)


class ManualClock:
    """A clock for tests: time passes only by waiting on it, and waiting takes none."""

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._now = start
        self._elapsed_s = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._elapsed_s

    def wait(self, seconds: float, until: threading.Event) -> bool:
        self._now += timedelta(seconds=seconds)
        self._elapsed_s += seconds
        return until.is_set()

    def step(self, seconds: float) -> None:
        """Set the wall clock ahead or back, as NTP does; no time passes."""
        self._now += timedelta(seconds=seconds)


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
