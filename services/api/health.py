"""Whether what stands behind the API works, looked at in a thread of its own.

A request for /healthz reads what was seen last: it waits for no server and no pool.
"""

import threading
from collections.abc import Callable, Mapping

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from services.api.disk import State
from services.chassis.clock import Clock
from services.chassis.errors import TransientError
from services.chassis.storage.objects import ObjectMissing, ObjectStore

EVERY_S = 2.0
STALE_S = 30.0
"""A look that takes longer counts as a failure of what it looks at."""


Look = Callable[[], State]


class Health:
    """Call it for the state of each part by name. Safe to share between threads."""

    def __init__(self, looks: Mapping[str, Look], clock: Clock) -> None:
        self._looks, self._clock = looks, clock
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[State, float]] = {}
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._watch, args=(name,), name=f"health-{name}", daemon=True)
            for name in looks
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Threads that hang in a look are left behind; they are daemons."""
        self._stopping.set()

    def look(self) -> None:
        """Look at everything now, in this thread."""
        for name in self._looks:
            self._look(name)

    def __call__(self) -> dict[str, State]:
        now = self._clock.monotonic()
        with self._lock:
            return {name: self._state(name, now) for name in self._looks}

    def _state(self, name: str, now: float) -> State:
        state, seen_at = self._seen.get(name, (State(False, "not looked at yet"), now))
        return state if now - seen_at <= STALE_S else State(False, "does not answer")

    def _watch(self, name: str) -> None:
        while not self._stopping.is_set():
            self._look(name)
            self._stopping.wait(EVERY_S)

    def _look(self, name: str) -> None:
        state = self._looks[name]()
        with self._lock:
            self._seen[name] = state, self._clock.monotonic()


def database_answers(engine: Engine) -> State:
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return State(False, "does not answer")
    return State(True)


def store_answers(store: ObjectStore) -> State:
    try:
        store.stat("healthz")
    except ObjectMissing:
        return State(True)
    except TransientError:
        return State(False, "does not answer")
    return State(True)
