"""A worker with recordings on its disk."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from schemas.ids import segment_key
from schemas.keeping import HeldStretch, KeepingConfigured
from schemas.recordings import FootageRequested, SegmentRecorded
from schemas.topics import FOOTAGE_REQUESTS, RECORDINGS
from services.chassis.clock import ManualClock
from services.chassis.errors import TransientError
from services.chassis.storage.objects import MemoryObjects, ObjectInfo
from services.chassis.streaming.memory import MemoryBroker
from services.chassis.streaming.records import Outgoing
from services.ingest.recording.folder import RecordingFolder
from services.ingest.recording.recorder import Recorder
from services.ingest.recording.ring import DiskUsage, RingBounds
from services.ingest.recording.service import Recordings
from tests.builders import SOURCE
from tests.footage import play

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
WHOLE_DISK = 10**12


class AwayObjects(MemoryObjects):
    """A store that can be away."""

    is_away = False

    def put_file(self, key: str, path: Path, content_type: str) -> ObjectInfo:
        if self.is_away:
            raise TransientError("nobody there")
        return super().put_file(key, path, content_type)


class Worker:
    """A worker on a disk, its clock, and what it publishes."""

    def __init__(self, root: Path, broker: MemoryBroker, bounds: RingBounds) -> None:
        self.root, self.broker = root, broker
        self.folder, self.store = RecordingFolder(root), AwayObjects()
        self.clock = ManualClock(START)
        self.free_bytes = WHOLE_DISK
        usage: Callable[[], DiskUsage] = lambda: DiskUsage(WHOLE_DISK, self.free_bytes)  # noqa: E731
        self.recordings = Recordings(root, broker, self.store, self.clock, bounds, usage)
        self.recordings.upload()

    def record(self, camera: Path, source_id: UUID = SOURCE, start: datetime = START) -> datetime:
        return play(Recorder(self.folder, source_id), camera, start)

    def turn(self, at: datetime | None = None) -> None:
        if at is not None:
            self.clock.step((at - self.clock.now()).total_seconds())
        self.recordings.prune()
        self.recordings.announce()
        self.recordings.upload()

    def ask(self, since: float, until: float, source_id: UUID = SOURCE) -> None:
        wish = FootageRequested(
            source_id=source_id,
            since_at=START + timedelta(seconds=since),
            until_at=START + timedelta(seconds=until),
            reason="a test",
            requested_at=self.clock.now(),
        )
        self.broker.publisher("test").publish(Outgoing(FOOTAGE_REQUESTS, wish))

    def said(self) -> list[SegmentRecorded]:
        messages = self.broker.messages(RECORDINGS)
        return [message for message in messages if isinstance(message, SegmentRecorded)]

    def stored(self) -> list[str]:
        return [info.key for info in self.store.list("recordings/")]


def key(seconds: float, source_id: UUID = SOURCE) -> str:
    return segment_key(source_id, START + timedelta(seconds=seconds))


def hold(worker: Worker, since: float, until: float) -> None:
    stretch = HeldStretch(
        since_at=START + timedelta(seconds=since), until_at=START + timedelta(seconds=until)
    )
    message = KeepingConfigured(source_id=SOURCE, held=(stretch,), configured_at=START)
    worker.recordings.keepings.on_keeping(message.key, message)
