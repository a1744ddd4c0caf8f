"""What leaves a worker's disk, and what stays."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

from schemas.keeping import KeepingConfigured
from services.chassis.streaming.memory import MemoryBroker
from services.ingest.recording.ring import RingBounds
from tests.builders import SOURCE, source
from tests.unit.ingest.recording.worker import START, WHOLE_DISK, Worker, hold, key


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
