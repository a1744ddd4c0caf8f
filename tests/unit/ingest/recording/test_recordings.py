"""What a worker does with its recordings: announced once, uploaded when asked, pruned in time."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import av

from schemas.sources import CameraSettings, SourceConfigured
from services.chassis.errors import TransientError
from services.chassis.streaming.memory import MemoryBroker
from services.ingest.recording.recorder import Recorder
from services.ingest.recording.ring import RingBounds
from tests.builders import SOURCE, source
from tests.footage import frames
from tests.unit.ingest.recording.worker import START, Worker, key


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
