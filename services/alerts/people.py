"""Who was seen where, lately: for the boxes and skeletons on a snapshot.

Only where a pose network runs (poses.v1). What it says is kept in memory for some minutes; a
snapshot that is made before it, or long after, goes without.
"""

import threading
from collections import OrderedDict, deque
from contextlib import suppress
from uuid import UUID

from schemas.codec import DecodeError, decode
from schemas.poses import Person, PosesExtracted
from schemas.topics import POSES
from services.chassis.streaming.broker import Broker, LogReader

KEPT = 300
"""Clips of a source: five minutes of a camera."""
MOST_SOURCES = 256
AT_ONCE = 500
POLL_S = 0.2
NEAR_S = 0.6
"""People that were seen longer before or after stand somewhere else by now."""


class SeenPeople:
    """`turn` reads; `at` may be asked from any thread."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._reader: LogReader | None = None
        self._lock = threading.Lock()
        self._seen: OrderedDict[UUID, deque[PosesExtracted]] = OrderedDict()

    def turn(self) -> float:
        """Raises TransientError when Kafka is away."""
        if self._reader is None:
            self._reader = self._broker.reader(POSES.name, "end")
        for record in self._reader.poll(AT_ONCE, POLL_S):
            with suppress(DecodeError):
                message = decode(POSES, record.value or b"")
                if isinstance(message, PosesExtracted):
                    self.hear(message)
        return 0.0

    def hear(self, poses: PosesExtracted) -> None:
        with self._lock:
            self._seen.setdefault(poses.source_id, deque(maxlen=KEPT)).append(poses)
            self._seen.move_to_end(poses.source_id)
            while len(self._seen) > MOST_SOURCES:
                self._seen.popitem(last=False)

    def at(self, source_id: UUID, at_s: float) -> tuple[Person, ...]:
        """Those of the frame nearest to a media second; nobody where none is near."""
        with self._lock:
            frames = [frame for one in self._seen.get(source_id, ()) for frame in one.frames]
        near = [frame for frame in frames if abs(frame.at_s - at_s) <= NEAR_S]
        return min(near, key=lambda frame: abs(frame.at_s - at_s)).people if near else ()

    def between(self, source_id: UUID, since_s: float, until_s: float) -> list[PosesExtracted]:
        """What was seen between two media seconds, in order of time."""
        with self._lock:
            seen = [
                one
                for one in self._seen.get(source_id, ())
                if one.frames[0].at_s < until_s and one.frames[-1].at_s >= since_s
            ]
        return sorted(seen, key=lambda one: one.frames[0].at_s)

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()
