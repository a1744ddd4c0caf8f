"""Whether the bulk lane has room for late clips: Kafka keeps only so many that nobody has read."""

import threading
from collections.abc import Callable
from typing import Protocol

from services.chassis.errors import TransientError
from services.chassis.streaming.lag import Lag

STEP_S = 0.1
"""Ten late clips a second: about ten times as fast as they were cut."""
ASK_S = 2.0


class Room(Protocol):
    def admits(self) -> bool:
        """A late clip may go. Raises TransientError when Kafka is away."""


class Everything:
    """There is always room."""

    def admits(self) -> bool:
        return True


class BulkRoom:
    """Room while fewer than `most` clips of the bulk lane are unread. Kafka is asked for the first
    time when there are late clips.
    """

    def __init__(self, lag: Callable[[], Lag], most: int) -> None:
        self._connect, self._most = lag, most
        self._lag: Lag | None = None

    def admits(self) -> bool:
        self._lag = self._lag or self._connect()
        return self._lag.unread() < self._most


class Aside:
    """Asks in a thread of its own, for a question to Kafka may take seconds: gives the latest
    answer, and sees to the next. Without one there is no room.
    """

    def __init__(self, room: Room) -> None:
        self._room, self._answer = room, False
        self._asking: threading.Thread | None = None

    def admits(self) -> bool:
        if self._asking is None or not self._asking.is_alive():
            self._asking = threading.Thread(target=self._ask, name="room", daemon=True)
            self._asking.start()
        return self._answer

    def _ask(self) -> None:
        try:
            self._answer = self._room.admits()
        except TransientError:
            self._answer = False


class LatePace:
    """When the next late clip may go: at most one in STEP_S, and only while the lane has room,
    which is asked for at most once in ASK_S.
    """

    def __init__(self, room: Room) -> None:
        self._room = room
        self._at_s = self._asked_s = float("-inf")
        self._has_room = True

    def wait_s(self, now_s: float) -> float:
        """How long none may go; 0: now."""
        if now_s < self._at_s:
            return self._at_s - now_s
        if now_s - self._asked_s >= ASK_S:
            self._has_room, self._asked_s = self._ask(), now_s
        return 0.0 if self._has_room else self._asked_s + ASK_S - now_s

    def _ask(self) -> bool:
        try:
            return self._room.admits()
        except TransientError:
            return False

    def sent(self, now_s: float) -> None:
        self._at_s = now_s + STEP_S
