"""Time as a dependency."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The present moment, timezone-aware UTC."""

    def wait(self, seconds: float, until: threading.Event) -> bool:
        """Wait at most `seconds`; true as soon as `until` is set."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def wait(self, seconds: float, until: threading.Event) -> bool:
        return until.wait(seconds)


class ManualClock:
    """A clock for tests: time passes only by waiting on it, and waiting takes none."""

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def wait(self, seconds: float, until: threading.Event) -> bool:
        self._now += timedelta(seconds=seconds)
        return until.is_set()
