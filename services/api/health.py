"""Whether the servers behind the API answer, asked at most every other second."""

import threading
import time
from collections.abc import Callable

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from services.chassis.errors import TransientError
from services.chassis.storage.objects import ObjectMissing, ObjectStore

FRESH_S = 2.0


class Health:
    """Call it for the state of each part by name. Safe to share between threads."""

    def __init__(self, engine: Engine, store: ObjectStore, projector: Callable[[], bool]) -> None:
        self._engine, self._store, self._projector = engine, store, projector
        self._lock = threading.Lock()
        self._asked_at = float("-inf")
        self._servers: dict[str, bool] = {}

    def __call__(self) -> dict[str, bool]:
        with self._lock:
            if time.monotonic() - self._asked_at > FRESH_S:
                self._servers = {"database": self._database(), "object store": self._objects()}
                self._asked_at = time.monotonic()
            return self._servers | {"projector": self._projector()}

    def _database(self) -> bool:
        try:
            with self._engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except SQLAlchemyError:
            return False
        return True

    def _objects(self) -> bool:
        try:
            self._store.stat("healthz")
        except ObjectMissing:
            return True
        except TransientError:
            return False
        return True
