"""Periodic work in a thread of its own, carried on in spite of outages."""

import threading
from collections.abc import Callable
from typing import Protocol

from services.chassis.backoff import pause_after
from services.chassis.clock import Clock
from services.chassis.errors import TransientError
from services.chassis.telemetry import logs

log = logs.get("duty")
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.4, 15.0


class Lease(Protocol):
    """The right to carry a duty out, which one of several instances has at a time."""

    duration_s: float

    def acquire(self) -> bool:
        """Take or renew it for `duration_s` from now; false while another instance has it.
        Raises TransientError.
        """

    def release(self) -> None:
        """Give it up before it runs out. Raises TransientError."""


class Duty:
    """Calls `turn` again and again: it does what is due and returns the seconds until more is.

    With a `lease` only its holder's turns are called; one turn must be over within the lease's
    duration, since another instance may begin after that. `turn` may raise TransientError: it is
    tried again with backoff, for as long as the outage lasts, since what else the service does need
    not wait for it.
    """

    def __init__(
        self, name: str, turn: Callable[[], float], clock: Clock, lease: Lease | None = None
    ) -> None:
        self._name, self._turn, self._clock, self._lease = name, turn, clock, lease
        self._woken, self._stopping = threading.Event(), threading.Event()
        self._failure: BaseException | None = None
        self._outages = 0
        self._thread: threading.Thread | None = None

    def start(self, on_failure: Callable[[], None]) -> None:
        """`on_failure` is called once a failure has ended the thread; `raise_failure` raises it."""
        self._thread = threading.Thread(target=self._work, args=(on_failure,), name=self._name)
        self._thread.start()

    def wake(self) -> None:
        """Have the next turn now instead of when the last one asked for it."""
        self._woken.set()

    def stop(self) -> None:
        """Return once the turn at work is over and the lease is given up."""
        self._stopping.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join()

    def raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _work(self, on_failure: Callable[[], None]) -> None:
        try:
            while not self._stopping.is_set():
                self._woken.clear()
                self._rest(self._turn_patiently())
            self._release()
        except BaseException as error:  # noqa: BLE001 - the service's thread raises it again
            self._failure = error
            on_failure()

    def _turn_patiently(self) -> float:
        try:
            due_in_s = self._turn_if_ours()
        except TransientError as error:
            self._outages += 1
            log.warning("trying again", duty=self._name, outage=self._outages, error=str(error))
            return pause_after(self._outages, FIRST_PAUSE_S, LONGEST_PAUSE_S)
        self._outages = 0
        return due_in_s

    def _turn_if_ours(self) -> float:
        if self._lease is None:
            return self._turn()
        renew_s = self._lease.duration_s / 3
        return min(self._turn(), renew_s) if self._lease.acquire() else renew_s

    def _release(self) -> None:
        """Another instance goes on at once; without this it would wait for the lease's end."""
        if self._lease is None:
            return
        try:
            self._lease.release()
        except TransientError as error:
            log.warning("the lease runs out by itself", duty=self._name, error=str(error))

    def _rest(self, seconds: float) -> None:
        if not self._stopping.is_set():
            self._clock.wait(seconds, self._woken)
