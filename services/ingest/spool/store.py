"""What waits, on disk as far as the disk takes it: the line of messages and their contents."""

import contextlib
import errno
from collections.abc import Iterable
from dataclasses import dataclass

from schemas.base import Message
from schemas.clips import ClipRecorded
from schemas.codec import encode
from schemas.topics import CLIPS_BULK, CLIPS_LIVE, HEALTH, Topic
from services.chassis.clock import Clock
from services.chassis.streaming.records import Outgoing
from services.chassis.telemetry import logs
from services.ingest.core.waiting import FOUND_S, Departure, Waiting, WaitingLine
from services.ingest.spool.files import Damaged, SpoolFolder
from services.ingest.spool.losses import Losses

log = logs.get("spool")

MOST_IN_MEMORY = 8
"""So many clips wait in memory when the disk takes none."""
FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class SpoolLimits:
    """`most_bytes` is the share of one source; `reserve_bytes` stay free on the disk for others."""

    most_bytes: int = 2**30
    reserve_bytes: int = 256 * 2**20


class SpoolStore:
    """One source's messages until they are acknowledged. Not safe between threads.

    A message that the disk refuses makes room by the oldest, and waits in memory where that does
    not help; what had to be dropped is counted. Nothing here raises for a disk.
    """

    def __init__(self, files: SpoolFolder, clock: Clock, limits: SpoolLimits) -> None:
        """The folder is held. What an earlier process left is taken over: it is late."""
        self._files, self._clock, self._limits = files, clock, limits
        self.line = WaitingLine(limits.most_bytes)
        self.losses = Losses(files.folder)
        self._topics: dict[int, Topic] = {}
        self._recent: dict[int, Message] = {}
        self._in_memory: list[Waiting] = []
        self._next = 1
        self.dropped = 0
        """Clips, since this was made."""
        for kept in files.found():
            self._topics[kept.number] = kept.topic
            self.line.add(Waiting(kept.number, kept.is_clip, kept.size_bytes, FOUND_S))
            self._next = kept.number + 1
        self._drop(self.line.overflow())

    def put(self, topic: Topic, message: Message) -> None:
        number, self._next = self._next, self._next + 1
        self._topics[number] = topic
        size = self._written(number, topic, message)
        is_clip, size_bytes = topic == CLIPS_LIVE, size or len(encode(message))
        is_late = isinstance(message, ClipRecorded) and message.is_late
        came_s = FOUND_S if is_late else self._clock.monotonic()
        index = message.index if isinstance(message, ClipRecorded) else -1
        waiting = Waiting(number, is_clip, size_bytes, came_s, index)
        self.line.add(waiting)
        if size is None:
            self._in_memory.append(waiting)
        self._remember(number, message)
        self._drop(self.line.overflow())
        clips = [one for one in self._in_memory if one.is_clip]
        for one in clips[:-MOST_IN_MEMORY]:
            self.line.drop(one)
            self._drop([one])

    def outgoing(self, departure: Departure) -> Outgoing:
        """What goes to Kafka. Raises Damaged."""
        number = departure.waiting.number
        topic = self._topics[number]
        message = self._recent.get(number) or self._files.read(number, topic)
        if departure.lane == "late":
            topic, message = CLIPS_BULK, message.model_copy(update={"is_late": True})
        return Outgoing(topic, message)

    def acknowledged(self, departure: Departure) -> None:
        for waiting in self.line.gone(departure.waiting, departure.lane):
            self._forget(waiting)

    def useless(self, departure: Departure) -> None:
        """It can never be sent: it is lost, and counted."""
        if departure.waiting.number not in self._topics:
            return  # dropped meanwhile
        self.line.drop(departure.waiting)
        self._drop([departure.waiting])

    def close(self) -> None:
        """What went already need not be found by the next process."""
        for waiting in self.line.went():
            self._forget(waiting)

    def tell_losses(self) -> None:
        """Put the report on what was dropped among the facts."""
        report = self.losses.taken()
        if report is not None:
            self.put(HEALTH, report)
            self.losses.save()

    def _remember(self, number: int, message: Message) -> None:
        """The latest contents stay in memory: they are sent at once, mostly."""
        self._recent[number] = message
        only_here = {one.number for one in self._in_memory}
        for old in list(self._recent)[:-MOST_IN_MEMORY]:
            if old not in only_here and old != number:
                del self._recent[old]

    def _written(self, number: int, topic: Topic, message: Message) -> int | None:
        """Its size on disk; None where the disk takes it not even after the oldest clip went."""
        for is_second_try in (False, True):
            try:
                if self._files.free_bytes() < self._limits.reserve_bytes:
                    raise OSError(errno.ENOSPC, "the disk is nearly full")
                return self._files.write(number, topic, message).size_bytes
            except OSError as error:
                if is_second_try or not self._made_room(error, topic):
                    log.warning("cannot be written", error=error.strerror, topic=topic.name)
                    return None
        return None

    def _made_room(self, error: OSError, topic: Topic) -> bool:
        """Whether another try may help. Facts are small: nothing has to go for one."""
        if isinstance(error, FileNotFoundError):
            return self._files.made_again()
        if error.errno not in FULL or topic != CLIPS_LIVE or not len(self.line):
            return False
        self._drop([self.line.drop_oldest()])
        return True

    def _drop(self, dropped: Iterable[Waiting]) -> None:
        for waiting in dropped:
            if waiting.is_clip:
                self.dropped += 1
                ended = self.losses.add(self._clip(waiting), self._clock.now())
                if ended is not None:
                    self.put(HEALTH, ended)
            self._forget(waiting)

    def _clip(self, waiting: Waiting) -> ClipRecorded | None:
        with contextlib.suppress(Damaged):
            message = self.outgoing(Departure(waiting, "live")).message
            return message if isinstance(message, ClipRecorded) else None
        return None

    def _forget(self, waiting: Waiting) -> None:
        topic = self._topics.pop(waiting.number, None)
        self._recent.pop(waiting.number, None)
        if waiting in self._in_memory:
            self._in_memory.remove(waiting)
        elif topic is not None:
            self._files.delete(waiting.number, topic)
