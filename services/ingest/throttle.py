"""Backpressure: clips wait here while too many are unread, for the topic keeps only so many."""

from collections.abc import Sequence
from threading import Event, Lock

from services.chassis.clock import Clock
from services.chassis.errors import TransientError
from services.chassis.streaming.handler import Cancelled
from services.chassis.streaming.lag import Lag
from services.chassis.telemetry import logs

log = logs.get("throttle")

LOOK_AGAIN_S = 0.5
PATIENCE_S = 120.0
"""How long Kafka may be silent before the job is given back."""


class Slowest:
    """The lag of the group that is furthest behind: every network must have seen a clip before it
    may be forgotten.
    """

    def __init__(self, lags: Sequence[Lag]) -> None:
        self._lags = lags

    def unread(self) -> int:
        return max(lag.unread() for lag in self._lags)

    def lost(self) -> int:
        return max(lag.lost() for lag in self._lags)


class Throttle:
    """Lets clips pass while fewer than `most` are unread; then waits until a quarter is read.

    Asks Kafka only now and then. Clips still in the producer's queue (64 MiB) come on top. What
    Kafka deleted unread counts as unread: then nothing passes until the readers have noticed.
    Safe between threads.
    """

    def __init__(self, lag: Lag, clock: Clock, most: int) -> None:
        self._lag, self._clock, self._most = lag, clock, most
        self._lock = Lock()
        self._room = 0

    def admit(self, cancelled: Event) -> None:
        """Return when one more clip may go out. Raises Cancelled, or TransientError."""
        while not self._pass():
            room = self._most - self._wait(cancelled)
            with self._lock:
                self._room = max(self._room, room)

    def _pass(self) -> bool:
        with self._lock:
            self._room -= 1
            return self._room >= 0

    def _wait(self, cancelled: Event) -> int:
        unread = self._look(cancelled)
        if unread >= self._most:
            log.info("waiting for features", unread=unread)
            self._tell_lost()
        while unread >= self._most - self._most // 4:
            self._pause(cancelled)
            unread = self._look(cancelled)
        return unread

    def _tell_lost(self) -> None:
        lost = self._lag.lost()
        if lost:
            log.error("Kafka deleted clips before they were read", lost=lost)

    def _look(self, cancelled: Event) -> int:
        deadline = self._clock.monotonic() + PATIENCE_S
        while True:
            try:
                return self._lag.unread()
            except TransientError:
                if self._clock.monotonic() > deadline:
                    raise
            self._pause(cancelled)

    def _pause(self, cancelled: Event) -> None:
        if self._clock.wait(LOOK_AGAIN_S, cancelled):
            raise Cancelled
