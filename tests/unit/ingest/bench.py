"""A job on a video, with its store, its outputs and its clock."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from schemas.clips import ClipRecorded, ClipSpec
from schemas.topics import CLIPS_BULK, VIDEO_PROGRESS
from schemas.videos import VideoProgressed, VideoSubmitted
from services.chassis.clock import ManualClock
from services.chassis.errors import TransientError
from services.chassis.media.limits import MediaLimits
from services.chassis.storage.objects import MemoryObjects, ObjectInfo
from services.chassis.streaming.lag import ScriptedLag
from services.chassis.streaming.records import Outgoing
from services.ingest.job import Surroundings
from services.ingest.throttle import Throttle
from services.ingest.upload import Upload
from services.ingest.workspace import Workspace
from tests.builders import SOURCE, incoming
from tests.unit.ingest import videos
from tests.unit.ingest.test_file import noise

FAST = {"movflags": "faststart"}
KEY = f"videos/{SOURCE}/original"


class FlakyObjects(MemoryObjects):
    """Refuses as often as it is told to, once the first reads are done."""

    def __init__(self) -> None:
        super().__init__()
        self.good_reads, self.refusals = 10**9, 0
        self.is_odd = False

    def read_range(self, key: str, start: int, length: int) -> bytes:
        if self.is_odd:
            raise ZeroDivisionError
        self.good_reads -= 1
        if self.good_reads < 0 and self.refusals > 0:
            self.refusals -= 1
            raise TransientError("the store is away")
        return super().read_range(key, start, length)

    def put_file(self, key: str, path: Path, content_type: str) -> ObjectInfo:
        if self.refusals > 0:
            self.refusals -= 1
            raise TransientError("the store is away")
        return super().put_file(key, path, content_type)


@dataclass
class Bench:
    """Everything around the handler, faked."""

    tmp_path: Path
    store: FlakyObjects = field(default_factory=FlakyObjects)
    clock: ManualClock = field(default_factory=ManualClock)
    limits: MediaLimits = field(default_factory=MediaLimits)
    lag: ScriptedLag = field(default_factory=lambda: ScriptedLag(0))
    cancelled: Event = field(default_factory=Event)

    def submit(self, path: Path, key: str = KEY) -> VideoSubmitted:
        self.store.put_file(key, path, "video/mp4")
        return self.submitted(key, path.stat().st_size)

    def submitted(self, key: str, size_bytes: int = 0) -> VideoSubmitted:
        return VideoSubmitted(
            video_id=SOURCE,
            object_key=key,
            filename="a.mp4",
            size_bytes=size_bytes,
            submitted_at=self.clock.now(),
        )

    @property
    def around(self) -> Surroundings:
        return Surroundings(
            self.store,
            Throttle(self.lag, self.clock, most=256),
            self.clock,
            Workspace(self.tmp_path / "work"),
            ClipSpec(),
            self.limits,
        )

    def handle(
        self,
        video: VideoSubmitted,
        watch: Callable[[Outgoing], None] = lambda _: None,
        again: bool = False,
        deaths: int = 0,
    ) -> "Result":
        """Give an upload its turns until it is done."""
        submitted = incoming(video)._replace(again=again)
        upload = Upload(self.around, submitted, deaths)
        upload.cancelled = self.cancelled
        upload.begin_anew()
        result = Result(watch)
        while upload.state != "done":
            upload.go_on(result)
        return result


@dataclass
class Result:
    """A publisher that sorts what it gets."""

    watch: Callable[[Outgoing], None] = lambda _: None
    clips: list[ClipRecorded] = field(default_factory=list)
    progress: list[VideoProgressed] = field(default_factory=list)

    def publish(self, outgoing: Outgoing) -> None:
        self.take(outgoing)
        self.watch(outgoing)

    def flush(self) -> None:
        """All is acknowledged."""

    def take(self, outgoing: Outgoing) -> None:
        if isinstance(outgoing.message, ClipRecorded):
            assert outgoing.topic is CLIPS_BULK
            self.clips.append(outgoing.message)
        elif isinstance(outgoing.message, VideoProgressed):
            assert outgoing.topic is VIDEO_PROGRESS
            self.progress.append(outgoing.message)

    @property
    def states(self) -> list[str]:
        return [one.state for one in self.progress]


BIG = (
    (videos.every(15, 40), (640, 480)),
    {"paint": noise, "options": {"preset": "ultrafast", "qp": "12"}},
)
"""Several megabytes, so that it is read in several ranges."""
