"""A thread that does a thing again and again until told to stop, in spite of short outages."""

import threading
from collections.abc import Callable

from services.chassis.clock import Clock
from services.chassis.errors import TransientError
from services.chassis.telemetry import logs

log = logs.get("duty")
PATIENCE = 12
"""So many outages in a row, about two minutes, end the service."""


class Duty:
    """`turn` does what is due and says in how many seconds there will be more; `wake` is sooner."""

    def __init__(self, name: str, turn: Callable[[], float], clock: Clock) -> None:
        self._name, self._turn, self._clock = name, turn, clock
        self._woken, self._stopping = threading.Event(), threading.Event()
        self._failure: BaseException | None = None
        self._outages = 0
        self._thread: threading.Thread | None = None

    def start(self, fallen: Callable[[], None]) -> None:
        """`fallen` is called once a failure has ended the thread; `raise_failure` tells which."""
        self._thread = threading.Thread(target=self._work, args=(fallen,), name=self._name)
        self._thread.start()

    def wake(self) -> None:
        self._woken.set()

    def stop(self) -> None:
        """Return once the turn at work is over."""
        self._stopping.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join()

    def raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _work(self, fallen: Callable[[], None]) -> None:
        try:
            while not self._stopping.is_set():
                self._woken.clear()
                self._rest(self._patiently())
        except BaseException as error:  # noqa: BLE001 - the service's thread raises it again
            self._failure = error
            fallen()

    def _patiently(self) -> float:
        """Raises TransientError once there were too many outages in a row."""
        try:
            pause_s = self._turn()
        except TransientError as error:
            self._outages += 1
            if self._outages > PATIENCE:
                raise
            log.warning("trying again", duty=self._name, outage=self._outages, error=str(error))
            return min(0.2 * 2.0**self._outages, 15.0)
        self._outages = 0
        return pause_s

    def _rest(self, seconds: float) -> None:
        if not self._stopping.is_set():
            self._clock.wait(seconds, self._woken)
