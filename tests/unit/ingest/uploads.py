"""Uploads as they are submitted, and what became of them."""

from dataclasses import dataclass, field
from pathlib import Path
from threading import Condition, Event
from uuid import UUID

from schemas.base import Message
from schemas.clips import ClipRecorded, ClipSpec
from schemas.topics import VIDEOS
from schemas.videos import VideoProgressed, VideoSubmitted
from services.chassis.clock import SystemClock
from services.chassis.errors import TransientError
from services.chassis.media.limits import MediaLimits
from services.chassis.storage.objects import MemoryObjects
from services.chassis.streaming.records import Incoming, Outgoing, Partition, Record
from services.ingest.job import Surroundings
from services.ingest.lanes import Lanes
from services.ingest.throttle import Throttle
from services.ingest.upload import Upload
from services.ingest.workspace import Workspace
from tests.builders import ORIGIN, source
from tests.unit.ingest import videos

WAIT_S = 60.0
FAST = {"movflags": "faststart"}


class Gate:
    """Readers of clips that are far behind until it is opened."""

    def __init__(self) -> None:
        self.opened = Event()
        self.opened.set()

    def unread(self) -> int:
        return 0 if self.opened.is_set() else 10**6

    def lost(self) -> int:
        return 0


@dataclass
class Heard:
    """A publisher whose messages can be awaited; as many as there are lanes may share it."""

    messages: list[Message] = field(default_factory=list)
    changed: Condition = field(default_factory=Condition)
    outages: int = 0

    def publish(self, outgoing: Outgoing) -> None:
        assert outgoing.message is not None
        with self.changed:
            if self.outages:
                self.outages -= 1
                raise TransientError("Kafka is away")
            self.messages.append(outgoing.message)
            self.changed.notify_all()

    def flush(self) -> None:
        """All is acknowledged at once."""

    def clips(self, number: int) -> list[ClipRecorded]:
        return [
            one
            for one in self.messages
            if isinstance(one, ClipRecorded) and one.source_id == source(number)
        ]

    def ends(self) -> dict[UUID, str]:
        return {
            one.video_id: one.state
            for one in self.messages
            if isinstance(one, VideoProgressed) and one.state != "decoding"
        }

    def wait_ends(self, count: int) -> None:
        """Until so many videos have ended."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.ends()) >= count, WAIT_S)

    def wait(self, lanes: Lanes, count: int) -> None:
        """Until so many videos have ended and the lanes hold nothing any more."""
        self.wait_ends(count)
        lanes_are_empty(lanes)


def lanes_are_empty(lanes: Lanes) -> None:
    waiting = Event()
    for _ in range(round(WAIT_S / 0.01)):
        lanes.raise_failure()
        if not lanes.held():
            return
        waiting.wait(0.01)
    raise AssertionError(f"still held: {lanes.held()}")


@dataclass
class Room:
    """Lanes at work on videos in a store of memory."""

    folder: Path
    store: MemoryObjects = field(default_factory=MemoryObjects)
    gate: Gate = field(default_factory=Gate)
    heard: Heard = field(default_factory=Heard)

    def __post_init__(self) -> None:
        throttle = Throttle(self.gate, SystemClock(), 10**5)
        workspace = Workspace(self.folder / "work")
        self.around = Surroundings(
            self.store, throttle, SystemClock(), workspace, ClipSpec(), MediaLimits()
        )
        self.lanes = Lanes(lambda: self.heard, SystemClock(), 2, most_open=3)

    def put(self, number: int, count: int = 20, name: str = "a.mp4") -> VideoSubmitted:
        path = self.folder / f"{count}-{name}"
        if not path.exists():
            videos.make(path, videos.every(15, count), container=FAST)
        key = f"videos/{source(number)}/original"
        self.store.put_file(key, path, "video/mp4")
        return submitted(number)

    def upload(self, video: VideoSubmitted, offset: int = 0, partition: int = 0) -> Upload:
        return Upload(self.around, recorded(video, offset, partition))


def submitted(number: int) -> VideoSubmitted:
    return VideoSubmitted(
        video_id=source(number),
        object_key=f"videos/{source(number)}/original",
        filename="a.mp4",
        size_bytes=1,
        submitted_at=ORIGIN,
    )


def recorded(video: VideoSubmitted, offset: int = 0, partition: int = 0) -> Incoming:
    record = Record(Partition(VIDEOS.name, partition), offset, video.key.encode(), b"")
    return Incoming(record, video)
