"""Reads a source for ever: opens it, takes what comes, and opens it again when it is lost."""

from collections.abc import Callable
from random import Random
from threading import Event

from services.chassis.backoff import pause_after
from services.chassis.clock import Clock
from services.chassis.telemetry import logs
from services.ingest.sources.port import LiveFrame, LiveSource, PacketTap, SourceLost

log = logs.get("cameras")

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 4.0
"""Frames come again within 10 s of a camera's return: a pause, an attempt, and some room."""

JITTER = 0.25
"""A pause differs from its length by at most such a share, so that cameras that were lost together
do not come back together.
"""

Open = Callable[[], LiveSource]
"""Makes a source that is not open yet. Raises SourceLost where there can be none."""


class Backoff:
    """Pauses between attempts: each twice as long as the one before, with jitter."""

    def __init__(self, first_s: float, longest_s: float, chance: Random) -> None:
        self._first_s, self._longest_s, self._chance = first_s, longest_s, chance
        self._failures = 0

    def next(self) -> float:
        """Seconds to wait before the next attempt."""
        self._failures += 1
        pause_s = pause_after(self._failures, self._first_s, self._longest_s)
        return pause_s * self._chance.uniform(1 - JITTER, 1 + JITTER)

    def reset(self) -> None:
        """An attempt succeeded."""
        self._failures = 0


class Reading:
    """Runs in a thread of its own until `stopped` is set, whatever the source does.

    `show` is given every frame, and says whether to open the source anew. `lost` is given the
    reason whenever there is one.
    """

    def __init__(
        self,
        open_source: Open,
        show: Callable[[LiveFrame], bool],
        lost: Callable[[str], None],
        tap: PacketTap | None,
        clock: Clock,
    ) -> None:
        self._open_source, self._show, self._lost, self._tap = open_source, show, lost, tap
        self._clock = clock
        self._backoff = Backoff(FIRST_PAUSE_S, LONGEST_PAUSE_S, Random())
        self.stopped = Event()
        self.turned_s = clock.monotonic()
        """When it last came round: opened, was shown a frame, or paused."""

    def run(self) -> None:
        while not self.stopped.is_set():
            try:
                self._read()
            except SourceLost as loss:
                self._lost(str(loss))
                log.info("lost", reason=str(loss))
                self._turned()
                self._clock.wait(self._backoff.next(), self.stopped)

    def _read(self) -> None:
        """Returns when it is stopped, or shall be opened anew. Raises SourceLost."""
        self._turned()
        source = self._open_source()
        try:
            found = source.open()
            log.info("open", codec=found.codec, width=found.width, height=found.height)
            began_s = self._clock.monotonic()
            for frame in source.frames(self._tap):
                self._turned()
                if self.turned_s - began_s > LONGEST_PAUSE_S:
                    self._backoff.reset()
                if self._show(frame) or self.stopped.is_set():
                    return
        finally:
            self._turned()
            source.close()

    def _turned(self) -> None:
        self.turned_s = self._clock.monotonic()
