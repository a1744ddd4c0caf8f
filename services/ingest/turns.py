"""Whose turn it is: several uploads are open at a time and go on one after the other."""

import threading
from collections import deque
from collections.abc import Callable

from services.ingest.upload import Upload


class Turns:
    """A fair queue for several lanes. Safe between threads.

    At most `most_open` uploads are open; they take turns, so that a short one is not held up by a
    long one. A suspect is at work alone. `take` waits; each upload it returns goes to `give_back`
    or `finish`.
    """

    def __init__(self, most_open: int) -> None:
        self._most_open = most_open
        self._changed = threading.Condition()
        self._waiting: deque[Upload] = deque()
        self._open: deque[Upload] = deque()
        self._at_work: list[Upload] = []
        self._is_closed = False

    def add(self, upload: Upload) -> None:
        with self._changed:
            self._waiting.append(upload)
            self._changed.notify_all()

    def take(self) -> Upload | None:
        """The next upload; None once closed."""
        with self._changed:
            while not self._is_closed:
                upload = self._next()
                if upload is not None:
                    self._at_work.append(upload)
                    return upload
                self._changed.wait()
            return None

    def give_back(self, upload: Upload) -> None:
        """It goes on at its next turn."""
        with self._changed:
            self._at_work.remove(upload)
            self._open.append(upload)
            self._changed.notify_all()

    def finish(self, upload: Upload) -> None:
        """It needs no other turn."""
        with self._changed:
            self._at_work.remove(upload)
            self._changed.notify_all()

    def pause(self, which: Callable[[Upload], bool], is_paused: bool) -> None:
        """Paused uploads get no turn, and take no place from others."""
        with self._changed:
            for upload in (*self._waiting, *self._open, *self._at_work):
                if which(upload):
                    upload.is_paused = is_paused
            self._changed.notify_all()

    def unfinished(self, which: Callable[[Upload], bool]) -> list[Upload]:
        with self._changed:
            return [one for one in (*self._waiting, *self._open, *self._at_work) if which(one)]

    def drop_idle(self, which: Callable[[Upload], bool]) -> list[Upload]:
        """Take out those that are not at work, and return them."""
        with self._changed:
            idle = [one for one in (*self._waiting, *self._open) if which(one)]
            self._waiting = deque(one for one in self._waiting if one not in idle)
            self._open = deque(one for one in self._open if one not in idle)
            self._changed.notify_all()
            return idle

    def close(self) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _next(self) -> Upload | None:
        if any(one.is_suspect for one in self._at_work):
            return None
        awake = [one for one in self._open if not one.is_paused]
        waiting = [one for one in self._waiting if not one.is_paused]
        has_room = len(awake) + len(self._at_work) < self._most_open
        queue, found = (self._waiting, waiting) if waiting and has_room else (self._open, awake)
        if not found or (found[0].is_suspect and self._at_work):
            return None
        queue.remove(found[0])
        return found[0]
