"""Outlasting short absences of the store: an hour's work is not begun anew for them."""

import io
from collections.abc import Callable
from threading import Event
from typing import TypeVar

from services.chassis.clock import Clock
from services.chassis.errors import TransientError
from services.chassis.storage.objects import ObjectReader, ObjectStore
from services.chassis.streaming.handler import Cancelled

T = TypeVar("T")

PATIENCE_S = 90.0
PAUSE_S = 1.0
BUFFER_BYTES = 1 << 20


class Patience:
    """Tries again for as long as PATIENCE_S, then lets the TransientError through."""

    def __init__(self, clock: Clock, cancelled: Event) -> None:
        self._clock, self._cancelled = clock, cancelled

    def call(self, action: Callable[[], T]) -> T:
        """Raises Cancelled when that comes first."""
        deadline = self._clock.monotonic() + PATIENCE_S
        while True:
            try:
                return action()
            except TransientError:
                if self._clock.monotonic() > deadline:
                    raise
            if self._clock.wait(PAUSE_S, self._cancelled):
                raise Cancelled


class PatientReader(io.RawIOBase):
    """An object as a seekable file whose reads are tried again."""

    def __init__(self, reader: ObjectReader, patience: Patience) -> None:
        self._reader, self._patience = reader, patience

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._reader.tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._reader.seek(offset, whence)

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        return self._patience.call(lambda: self._reader.readinto(buffer))


def open_patiently(store: ObjectStore, key: str, patience: Patience) -> io.BufferedReader:
    """A seekable reader of one object. Raises ObjectMissing."""
    reader = patience.call(lambda: ObjectReader(store, key))
    return io.BufferedReader(PatientReader(reader, patience), BUFFER_BYTES)
