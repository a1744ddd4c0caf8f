"""How much footage is under way at once: bounded by its bytes, not by a number of files."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

MOST_BYTES = 256 << 20
"""Some 200 short clips, or a few nights: what the services can hold in their queues."""
MOST_FILES = 64
"""Each waits in a thread of its own."""


class Admission:
    """Admits files while they are less than `most_bytes` together; a larger one goes alone."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes, self._bytes, self._files = most_bytes, 0, 0
        self._changed = threading.Condition()

    @property
    def files(self) -> int:
        """So many are under way."""
        return self._files

    @contextmanager
    def admit(self, size_bytes: int, stopped: threading.Event) -> Iterator[None]:
        """Wait for room, and take it until the end of the block. Goes in at once when stopped."""
        with self._changed:
            while not (self._fits(size_bytes) or stopped.is_set()):
                self._changed.wait(0.5)  # nobody notifies us of `stopped`
            self._bytes, self._files = self._bytes + size_bytes, self._files + 1
        try:
            yield
        finally:
            with self._changed:
                self._bytes, self._files = self._bytes - size_bytes, self._files - 1
                self._changed.notify_all()

    def _fits(self, size_bytes: int) -> bool:
        return self._files == 0 or self._bytes + size_bytes <= self._most_bytes
