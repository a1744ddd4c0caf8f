"""A camera with a spool, and a line to Kafka that can be cut."""

import threading
from pathlib import Path

from schemas.base import Message
from schemas.clips import ClipRecorded
from schemas.topics import CLIPS_BULK, CLIPS_LIVE, HEALTH, Topic
from services.chassis.clock import ManualClock
from services.chassis.errors import TransientError
from services.chassis.streaming.memory import MemoryBroker
from services.chassis.streaming.records import Outgoing
from services.ingest.spool.room import Everything, Room
from services.ingest.spool.sender import Spool
from services.ingest.spool.store import SpoolLimits
from services.ingest.spool.stragglers import spool_folder
from tests.builders import SOURCE, clip

NO_RESERVE = SpoolLimits(reserve_bytes=0)


class Line:
    """A publisher onto a broker that can be cut off. Cut off, a message may still have arrived."""

    def __init__(self, broker: MemoryBroker) -> None:
        self._publisher = broker.publisher("ingest")
        self.is_away = self.arrives_unacknowledged = False
        self.tries = 0

    def publish(self, outgoing: Outgoing) -> None:
        self.tries += 1
        if not self.is_away or self.arrives_unacknowledged:
            self._publisher.publish(outgoing)

    def flush(self) -> None:
        if self.is_away:
            raise TransientError("Kafka does not answer")
        self._publisher.flush()


class Camera:
    """What a camera's process has of the spool, on a clock of the test's."""

    def __init__(
        self, folder: Path, limits: SpoolLimits = NO_RESERVE, room: Room = Everything()
    ) -> None:
        self.folder, self.limits, self.room = folder, limits, room
        self.broker = MemoryBroker([CLIPS_LIVE, CLIPS_BULK, HEALTH], partitions=1)
        self.line, self.clock = Line(self.broker), ManualClock()
        self.index = 0
        self.start()

    def start(self) -> None:
        self.files = spool_folder(self.folder, SOURCE)
        self.spool = Spool(self.files, self.line, self.clock, self.limits, self.room)
        self.spool.open()

    def kill(self) -> None:
        """As the kernel does: nothing is sent, nothing is written, the lock falls."""
        self.files.release()

    def cut(self, clips: int, size: int = 10) -> None:
        """So many clips, one a second; after each the spool sends what it can."""
        for _ in range(clips):
            self.spool.put(CLIPS_LIVE, clip(self.index, frames=(bytes(size),)))
            self.index += 1
            self.send()
            self.pass_by(1.0)

    def send(self, until_idle: bool = True) -> None:
        while self.spool.turn() == 0.0 and until_idle:
            pass

    def drain(self) -> None:
        """Until everything is sent, as time passes."""
        for _ in range(100_000):
            pause_s = self.spool.turn()
            if not self.spool.state().waiting:
                return
            self.pass_by(pause_s)
        raise AssertionError("it is never empty")

    def pass_by(self, seconds: float) -> None:
        self.clock.wait(seconds, threading.Event())

    def sent(self, topic: Topic) -> list[int]:
        return [one.index for one in self.clips(topic)]

    def clips(self, topic: Topic) -> list[ClipRecorded]:
        found = self.broker.messages(topic)
        return [one for one in found if isinstance(one, ClipRecorded)]

    def health(self) -> list[Message]:
        return self.broker.messages(HEALTH)
