"""Several uploads at a time: fair, cancelled one by one, and nothing held once they are done."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Condition, Event, Thread
from typing import BinaryIO
from uuid import UUID

import pytest

from schemas import groups
from schemas.base import Message
from schemas.clips import ClipRecorded, ClipSpec
from schemas.sources import SourceConfigured
from schemas.topics import CLIPS_BULK, KEEPING, SOURCES, TOPICS, VIDEO_PROGRESS, VIDEOS
from schemas.videos import VideoProgressed, VideoSubmitted
from services.chassis.clock import ManualClock, SystemClock
from services.chassis.errors import TransientError
from services.chassis.media.limits import MediaLimits
from services.chassis.storage.objects import MemoryObjects
from services.chassis.streaming.compacted import CompactedView
from services.chassis.streaming.consumer import ConsumeLoop
from services.chassis.streaming.memory import MemoryBroker
from services.chassis.streaming.publisher import Publisher
from services.chassis.streaming.records import Incoming, Outgoing, Partition, Record
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
from services.ingest.throttle import Throttle
from services.ingest.turns import Turns
from services.ingest.upload import Upload
from services.ingest.workspace import Workspace
from tests.builders import ORIGIN, source
from tests.unit.ingest import videos
from tests.waiting import wait_until

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


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path)
    made.lanes.start()
    yield made
    made.gate.opened.set()
    made.lanes.stop()


def test_every_upload_ends_and_nothing_is_held_then(room: Room) -> None:
    for number in range(12):
        room.lanes.submit(room.upload(room.put(number), offset=number))
    room.heard.wait(room.lanes, 12)
    assert set(room.heard.ends().values()) == {"decoded"}
    assert all(len(room.heard.clips(number)) == 2 for number in range(12))


def test_the_first_unfinished_upload_of_each_partition_is_held(room: Room) -> None:
    room.gate.opened.clear()
    for number, partition in enumerate((0, 1, 0, 1)):
        room.lanes.submit(room.upload(room.put(number), offset=7 + number, partition=partition))
    name = VIDEOS.name
    assert room.lanes.held() == {Partition(name, 0): 7, Partition(name, 1): 8}


def test_short_uploads_are_not_held_up_by_long_ones(room: Room) -> None:
    for number, count in enumerate((6000, 6000, 20, 20, 20)):
        room.lanes.submit(room.upload(room.put(number, count), offset=number))
    with room.heard.changed:
        short = [source(number) for number in (2, 3, 4)]
        assert room.heard.changed.wait_for(lambda: set(short) <= set(room.heard.ends()), WAIT_S)
    assert source(1) not in room.heard.ends()


def test_the_clips_of_each_upload_keep_their_order(room: Room) -> None:
    for number in range(3):
        room.lanes.submit(room.upload(room.put(number, 1800), offset=number))
    room.heard.wait(room.lanes, 3)
    for number in range(3):
        indexes = [clip.index for clip in room.heard.clips(number)]
        assert indexes == sorted(indexes)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_a_removed_video_stops_and_leaves_nothing(room: Room, name: str) -> None:
    room.gate.opened.clear()
    for number in range(5):
        room.lanes.submit(room.upload(room.put(number, name=name), offset=number))
    for number in (0, 4, 9):
        room.lanes.remove(source(number))
    room.lanes.submit(room.upload(room.put(9, name=name), offset=9))
    room.gate.opened.set()
    room.heard.wait(room.lanes, 3)
    assert set(room.heard.ends()) == {source(1), source(2), source(3)}
    for number in (0, 4, 9):
        kept = [info.key for info in room.store.list(f"videos/{source(number)}/")]
        assert kept in ([], [f"videos/{source(number)}/original"])


def test_a_paused_video_keeps_its_place_and_takes_none_from_others(room: Room) -> None:
    """More are paused than may be open; one of them was paused before it came."""
    for number in range(4):
        room.lanes.pause(source(number), is_paused=True)
        room.lanes.submit(room.upload(room.put(number), offset=number))
    room.lanes.submit(room.upload(room.put(4), offset=4))
    with room.heard.changed:
        assert room.heard.changed.wait_for(lambda: source(4) in room.heard.ends(), WAIT_S)
    assert set(room.heard.ends()) == {source(4)}
    assert min(room.lanes.held().values()) == 0
    for number in range(4):
        room.lanes.pause(source(number), is_paused=False)
    room.heard.wait(room.lanes, 5)
    assert all(len(room.heard.clips(number)) == 2 for number in range(5))


def test_a_video_is_paused_between_two_turns_and_goes_on_where_it_was(room: Room) -> None:
    room.lanes.submit(room.upload(room.put(0, 6000)))
    with room.heard.changed:
        assert room.heard.changed.wait_for(lambda: room.heard.clips(0), WAIT_S)
        room.lanes.pause(source(0), is_paused=True)
        room.lanes.submit(room.upload(room.put(1), offset=1))
    room.heard.wait_ends(1)
    assert source(0) not in room.heard.ends()
    room.lanes.pause(source(0), is_paused=False)
    room.heard.wait(room.lanes, 2)
    indexes = [clip.index for clip in room.heard.clips(0)]
    assert indexes == list(range(len(indexes)))


def test_a_partition_that_goes_takes_only_its_own_uploads(room: Room) -> None:
    room.gate.opened.clear()
    for number in range(4):
        room.lanes.submit(room.upload(room.put(number), number, partition=number % 2))
    room.lanes.abandon([Partition(VIDEOS.name, 0)])
    room.gate.opened.set()
    room.heard.wait(room.lanes, 2)
    assert set(room.heard.ends()) == {source(1), source(3)}
    assert [len(room.heard.clips(number)) for number in (1, 3)] == [2, 2]


def test_an_outage_of_kafka_is_outlasted(room: Room) -> None:
    room.heard.outages = 2
    room.lanes.submit(room.upload(room.put(0)))
    room.heard.wait(room.lanes, 1)
    assert len(room.heard.clips(0)) >= 2


def test_a_lasting_outage_ends_the_service(tmp_path: Path) -> None:
    made = Room(tmp_path)
    made.heard.outages = 10**6
    lanes = Lanes(lambda: made.heard, ManualClock(), 1)
    lanes.submit(made.upload(made.put(0)))
    lanes.start()
    for thread in lanes._threads:
        thread.join(WAIT_S)
    with pytest.raises(TransientError):
        lanes.raise_failure()
    with pytest.raises(TransientError):
        list(UploadHandler(made.around, lanes).tick(ORIGIN))
    assert lanes.held()


def turns_of(room: Room, *deaths: int) -> tuple[Turns, list[Upload]]:
    uploads = [
        Upload(room.around, recorded(submitted(number), number), times)
        for number, times in enumerate(deaths)
    ]
    turns = Turns(most_open=2)
    for upload in uploads:
        turns.add(upload)
    return turns, uploads


def test_open_uploads_take_turns_and_others_wait_for_a_place(room: Room) -> None:
    turns, uploads = turns_of(room, 0, 0, 0)
    order = []
    for _ in range(6):
        upload = turns.take()
        assert upload is not None
        order.append(uploads.index(upload))
        if len(order) == 5:
            turns.finish(upload)
        else:
            turns.give_back(upload)
    assert order == [0, 1, 0, 1, 0, 2]


def test_a_suspect_is_at_work_alone(room: Room) -> None:
    turns, uploads = turns_of(room, 0, 1, 0)
    first = turns.take()
    assert first is uploads[0]
    assert turns._next() is None
    turns.give_back(first)
    suspect = turns.take()
    assert suspect is uploads[1]
    assert turns._next() is None
    turns.finish(suspect)
    assert turns.take() is uploads[2]


def test_closed_turns_end(room: Room) -> None:
    turns, _ = turns_of(room, 0)
    turns.close()
    assert turns.take() is None


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
