"""What a worker does with its recordings: announced once, uploaded when asked, pruned in time."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import av
import pytest

from schemas.ids import segment_key
from schemas.keeping import HeldStretch, KeepingConfigured
from schemas.recordings import FootageRequested, SegmentRecorded
from schemas.sources import CameraSettings, SourceConfigured
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
from tests.builders import SOURCE, source
from tests.footage import encoded, frames, play

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


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker([RECORDINGS, FOOTAGE_REQUESTS])


@pytest.fixture
def worker(tmp_path: Path, broker: MemoryBroker) -> Worker:
    return Worker(tmp_path / "recordings", broker, RingBounds())


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encoded(tmp_path_factory.mktemp("camera") / "camera.ts", range(35))


def key(seconds: float, source_id: UUID = SOURCE) -> str:
    return segment_key(source_id, START + timedelta(seconds=seconds))


def test_each_segment_is_announced_once(worker: Worker, camera: Path) -> None:
    worker.record(camera)
    for _ in range(3):
        worker.turn()
    starts = [(said.started_at - START).total_seconds() for said in worker.said()]
    assert starts == [0, 10, 20, 30]
    first = worker.said()[0]
    assert (first.codec, first.width, first.object_key, first.is_gone) == ("h264", 128, None, False)
    assert worker.said()[-1].ended_at - worker.said()[0].started_at == timedelta(seconds=35)


def test_a_worker_that_starts_again_announces_only_what_nobody_heard(
    worker: Worker, camera: Path, broker: MemoryBroker
) -> None:
    worker.record(camera)
    worker.turn()
    worker.record(camera, source(2))
    again = Worker(worker.root, broker, RingBounds())
    again.turn()
    assert len(again.said()) == 8


def test_nothing_is_uploaded_unasked(worker: Worker, camera: Path) -> None:
    worker.record(camera)
    worker.turn()
    assert worker.stored() == []


def test_what_is_asked_for_is_uploaded_once_and_said(worker: Worker, camera: Path) -> None:
    worker.record(camera)
    worker.turn()
    worker.ask(12, 21)
    worker.turn()
    worker.turn()
    assert worker.stored() == [key(10), key(20)]
    assert [said.object_key for said in worker.said() if said.object_key] == [key(10), key(20)]


def test_another_camera_is_not_uploaded(worker: Worker, camera: Path) -> None:
    worker.record(camera)
    worker.record(camera, source(2))
    worker.ask(0, 5, source(2))
    worker.turn()
    assert worker.stored() == [key(0, source(2))]


def test_what_is_recorded_after_the_asking_follows(worker: Worker, camera: Path) -> None:
    worker.ask(5, 25)
    worker.turn()
    worker.record(camera)
    worker.turn()
    assert worker.stored() == [key(0), key(10), key(20)]


def test_a_wish_ends(worker: Worker, camera: Path) -> None:
    worker.ask(5, 25)
    worker.turn(START + timedelta(hours=2))
    worker.record(camera)
    worker.turn()
    assert worker.stored() == []


def test_a_segment_in_the_making_gives_what_it_has_and_follows_whole(
    worker: Worker, camera: Path, tmp_path: Path
) -> None:
    coming = live(Recorder(worker.folder, SOURCE), camera)
    assert 8.0 in coming
    worker.ask(2, 6)
    worker.turn(START + timedelta(seconds=8))
    path = tmp_path / "half.mp4"
    path.write_bytes(worker.store.get(key(0)))
    assert {second for _, second in frames(path)} >= set(range(7))
    assert max(coming) == 35
    worker.turn()
    path.write_bytes(worker.store.get(key(0)))
    assert {second for _, second in frames(path)} == set(range(10))
    assert [said.object_key for said in worker.said() if said.object_key] == [key(0)]


def live(recorder: Recorder, camera: Path) -> Iterator[float]:
    """Packets come as far as somebody asks: how many seconds came so far."""
    with av.open(str(camera)) as container:
        recorder.begin(container.streams.video[0])
        number = 0
        for packet in container.demux(video=0):
            if packet.size:
                recorder.write(packet, START + timedelta(seconds=number / 5))
                number += 1
                yield number / 5
        recorder.end()


def test_a_store_that_is_away_gets_all_of_it_afterwards(worker: Worker, camera: Path) -> None:
    worker.record(camera)
    worker.ask(0, 35)
    worker.store.is_away = True
    for minute in range(10):
        worker.turn(START + timedelta(minutes=minute))
    assert worker.stored() == []
    worker.store.is_away = False
    worker.turn()
    assert worker.stored() == [key(0), key(10), key(20), key(30)]


def test_kafka_away_costs_nothing_but_time(
    worker: Worker, camera: Path, broker: MemoryBroker
) -> None:
    worker.record(camera)
    broker.fail("produce", TransientError("nobody there"))
    worker.turn()
    assert len(worker.said()) < 4
    worker.turn()
    assert sorted({said.started_at for said in worker.said()}) == [
        START + timedelta(seconds=seconds) for seconds in (0, 10, 20, 30)
    ]


def test_a_camera_that_is_kept_whole_is_uploaded_unasked(worker: Worker, camera: Path) -> None:
    configured = SourceConfigured(
        source_id=SOURCE,
        source_kind="camera",
        name="Door",
        origin_at=START,
        camera=CameraSettings(recording="full"),
        configured_at=START,
    )
    worker.recordings.on_source(str(SOURCE), configured)
    worker.record(camera)
    worker.record(camera, source(2))
    worker.turn()
    assert worker.stored() == [key(0), key(10), key(20), key(30)]


def test_the_recordings_of_a_removed_camera_go(worker: Worker, camera: Path) -> None:
    worker.record(camera)
    worker.record(camera, source(2))
    worker.turn()
    worker.recordings.on_source(str(SOURCE), None)
    worker.turn()
    assert worker.folder.sources() == [source(2)]


def test_what_is_too_old_goes_oldest_first(worker: Worker, camera: Path) -> None:
    worker.record(camera)
    worker.turn()
    worker.turn(START + timedelta(hours=24, seconds=25))
    left = worker.folder.published(SOURCE)
    assert [one.started_at for one in left] == [START + timedelta(seconds=s) for s in (20, 30)]
    worker.turn()
    gone = [said.started_at for said in worker.said() if said.is_gone]
    assert gone == [START, START + timedelta(seconds=10)]


def test_what_is_too_much_goes_oldest_first_over_all_cameras(
    tmp_path: Path, broker: MemoryBroker, camera: Path
) -> None:
    worker = Worker(tmp_path, broker, RingBounds(most_bytes=20_000))
    worker.record(camera)
    worker.record(camera, source(2), START + timedelta(seconds=35))
    for _ in range(2):
        worker.turn()
    left = [one for number in (SOURCE, source(2)) for one in worker.folder.published(number)]
    assert sum(one.size_bytes for one in left) <= 20_000
    assert left[-1].ended_at == START + timedelta(seconds=70)
    assert min(one.started_at for one in left) > START + timedelta(seconds=20)


def test_a_disk_that_fills_up_makes_room_before_it_is_full(worker: Worker, camera: Path) -> None:
    """Whoever fills it: a twentieth stays free."""
    worker.record(camera)
    worker.turn()
    worker.free_bytes = WHOLE_DISK // 20 - 1
    worker.turn()
    assert len(worker.folder.published(SOURCE)) == 3
    worker.free_bytes = WHOLE_DISK // 20
    worker.turn()
    assert len(worker.folder.published(SOURCE)) == 3


def test_what_lies_in_the_store_is_not_gone(worker: Worker, camera: Path) -> None:
    worker.record(camera)
    worker.ask(0, 10)
    worker.turn()
    worker.turn(START + timedelta(hours=30))
    worker.turn()
    assert key(0) in worker.stored()
    gone = [(said.started_at - START).total_seconds() for said in worker.said() if said.is_gone]
    assert gone == [10, 20, 30]


def test_one_of_two_workers_looks_after_a_disk(worker: Worker, broker: MemoryBroker) -> None:
    other = Worker(worker.root, broker, RingBounds())
    assert worker.recordings.lease.acquire()
    assert not other.recordings.lease.acquire()
    worker.recordings.lease.release()
    assert not other.recordings.lease.acquire()
    worker.recordings.close()
    assert other.recordings.lease.acquire()
    other.recordings.close()


def test_the_duties_of_a_worker_hold_its_disk_together(worker: Worker) -> None:
    """However they start at the same moment."""
    lease, start = worker.recordings.lease, threading.Barrier(8)
    held: list[bool] = []

    def hold() -> None:
        start.wait()
        held.append(lease.acquire())

    threads = [threading.Thread(target=hold) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert held == [True] * 8
    worker.recordings.close()


def hold(worker: Worker, since: float, until: float) -> None:
    stretch = HeldStretch(
        since_at=START + timedelta(seconds=since), until_at=START + timedelta(seconds=until)
    )
    message = KeepingConfigured(source_id=SOURCE, held=(stretch,), configured_at=START)
    worker.recordings.keepings.on_keeping(message.key, message)


def test_what_is_held_goes_to_the_store_before_it_leaves_the_ring(
    worker: Worker, camera: Path
) -> None:
    """Too old and on a full disk, and the store is away: it stays. Nothing else does."""
    worker.record(camera)
    worker.turn()
    hold(worker, 12, 25)
    worker.store.is_away, worker.free_bytes = True, 0
    worker.turn(START + timedelta(days=40))
    left = worker.folder.published(SOURCE)
    assert [(each.started_at - START).total_seconds() for each in left] == [10, 20]
    worker.store.is_away = False
    worker.turn()
    assert worker.stored() == [key(10), key(20)]
    worker.turn()
    assert worker.folder.published(SOURCE) == []


def test_a_rule_shortens_the_ring_of_its_own_cameras(worker: Worker, camera: Path) -> None:
    other = UUID(int=9)
    worker.record(camera)
    worker.record(camera, other)
    worker.turn()
    message = KeepingConfigured(source_id=SOURCE, recordings_s=60.0, configured_at=START)
    worker.recordings.keepings.on_keeping(message.key, message)
    worker.turn(START + timedelta(seconds=85))
    begins = [(each.started_at - START).total_seconds() for each in worker.folder.published(SOURCE)]
    assert begins == [20, 30]
    assert len(worker.folder.published(other)) == 4
    worker.recordings.keepings.on_keeping(message.key, None)
    worker.turn(START + timedelta(hours=1))
    assert len(worker.folder.published(SOURCE)) == 2
