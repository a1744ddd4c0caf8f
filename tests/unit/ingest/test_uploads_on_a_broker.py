"""The service on a broker: uploads come and go beside cameras."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Thread
from typing import BinaryIO
from uuid import UUID

from schemas import groups
from schemas.clips import ClipRecorded
from schemas.sources import SourceConfigured
from schemas.topics import CLIPS_BULK, KEEPING, SOURCES, TOPICS, VIDEO_PROGRESS, VIDEOS
from schemas.videos import VideoProgressed
from services.chassis.clock import SystemClock
from services.chassis.storage.objects import MemoryObjects
from services.chassis.streaming.compacted import CompactedView
from services.chassis.streaming.consumer import ConsumeLoop
from services.chassis.streaming.memory import MemoryBroker
from services.chassis.streaming.publisher import Publisher
from services.chassis.streaming.records import Outgoing
from services.ingest.cameras.fleet import Fleet
from services.ingest.cameras.forking import Program
from services.ingest.cameras.handler import CameraHandler
from services.ingest.cameras.life import memories_in
from services.ingest.cameras.runner import Runner
from services.ingest.job import Surroundings
from services.ingest.lanes import Lanes
from services.ingest.recording.ring import RingBounds, disk_usage
from services.ingest.recording.service import Recordings
from services.ingest.service import IngestService, UploadHandler, Views, Watch
from services.ingest.spool.room import Everything
from services.ingest.spool.store import SpoolLimits
from services.ingest.spool.stragglers import Stragglers
from tests.builders import ORIGIN, source
from tests.unit.ingest.uploads import WAIT_S, Room
from tests.waiting import wait_until


def test_on_a_broker_uploads_come_and_go_and_cameras_are_watched(tmp_path: Path) -> None:
    """The whole service on the broker in memory."""
    broker, made = MemoryBroker(TOPICS), Room(tmp_path)
    publisher = broker.publisher("api")
    publisher.publish(Outgoing(SOURCES, None, key=str(source(2))))
    publisher.publish(Outgoing(SOURCES, camera()))
    for number in range(4):
        publisher.publish(Outgoing(VIDEOS, made.put(number)))
    with running(service_on(broker, made.around, tmp_path / "recordings")):
        broker.wait_until(lambda: len(ended(broker)) == 3, WAIT_S)
        broker.wait_until(lambda: broker.lag(groups.INGEST_UPLOADS, VIDEOS) == 0, WAIT_S)
        wait_until((tmp_path / "mark").exists, WAIT_S)
    assert set(ended(broker)) == {source(0), source(1), source(3)}
    assert {clip.source_id for clip in clips_on(broker)} == set(ended(broker))


def camera() -> SourceConfigured:
    return SourceConfigured(
        source_id=source(9),
        source_kind="camera",
        name="camera",
        origin_at=datetime.now(UTC),
        address="sim://store?seconds=2&size=64x64&people=1",
        configured_at=ORIGIN,
    )


def service_on(broker: MemoryBroker, around: Surroundings, recorded: Path) -> IngestService:
    def publisher() -> Publisher:
        return broker.publisher("ingest")

    clock, lanes = SystemClock(), Lanes(publisher, SystemClock(), 2)
    fleet = Fleet(clock, lambda: Runner(clock, watching(recorded.parent)))
    uploads = ConsumeLoop(
        broker, groups.INGEST_UPLOADS, [VIDEOS], UploadHandler(around, lanes), publisher()
    )
    cameras = ConsumeLoop(
        broker,
        groups.INGEST_CAMERAS,
        [SOURCES],
        CameraHandler(fleet, memories_in(recorded.parent), clock),
        publisher(),
    )
    recordings = Recordings(
        recorded, broker, MemoryObjects(), clock, RingBounds(), disk_usage(recorded)
    )
    stragglers = Stragglers(
        recorded.parent / "spool", publisher(), clock, SpoolLimits(), Everything()
    )
    views = Views(CompactedView(broker, SOURCES), CompactedView(broker, KEEPING))
    return IngestService(uploads, cameras, lanes, views, recordings, Watch(fleet, stragglers))


def watching(folder: Path) -> Program:
    """A camera's process that leaves a mark, and lives as long as it shall."""
    return partial(mark, folder / "mark")


def mark(path: Path, commands: BinaryIO, _: BinaryIO) -> None:
    commands.readline()
    path.touch()
    commands.read()


@contextmanager
def running(service: IngestService) -> Iterator[None]:
    thread = Thread(target=service.run)
    thread.start()
    try:
        yield
    finally:
        service.stop()
        thread.join(WAIT_S)
        assert not thread.is_alive()


def ended(broker: MemoryBroker) -> list[UUID]:
    return [
        one.video_id
        for one in broker.messages(VIDEO_PROGRESS)
        if isinstance(one, VideoProgressed) and one.state == "decoded"
    ]


def clips_on(broker: MemoryBroker) -> list[ClipRecorded]:
    return [one for one in broker.messages(CLIPS_BULK) if isinstance(one, ClipRecorded)]
