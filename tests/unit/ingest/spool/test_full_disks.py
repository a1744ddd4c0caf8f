"""Disks that are full, and files that are damaged or gone, stop nothing."""

from pathlib import Path

from schemas.health import SourceHealth
from schemas.topics import CLIPS_BULK, CLIPS_LIVE
from services.ingest.spool.store import SpoolLimits
from tests.builders import clip
from tests.unit.ingest.spool.camera import Camera


def test_beyond_the_bound_the_oldest_go_and_are_told(tmp_path: Path) -> None:
    size = 10_000
    camera = Camera(tmp_path, SpoolLimits(most_bytes=20 * size, reserve_bytes=0))
    camera.line.is_away = True
    camera.cut(50, size)
    kept = camera.spool.state().waiting
    assert camera.spool.state().waiting_bytes <= 20 * size
    assert camera.spool.state().dropped == 50 - kept > 0
    camera.kill()
    camera.start()
    camera.line.is_away = False
    camera.drain()
    assert camera.sent(CLIPS_BULK) == list(range(50 - kept, 50))
    (health,) = camera.health()
    assert isinstance(health, SourceHealth)
    assert (health.condition, health.is_over, health.count) == ("clips_dropped", True, 50 - kept)
    assert health.start_s == 0.0
    assert health.at_s == clip(50 - kept - 1).end_s
    assert not health.is_late
    camera.kill()


def test_a_disk_that_is_full_makes_the_oldest_go_and_stops_nothing(tmp_path: Path) -> None:
    camera = Camera(tmp_path)
    camera.line.is_away = True
    camera.cut(10)
    camera.kill()
    camera.limits = SpoolLimits(reserve_bytes=2**62)  # no disk has so much left
    camera.start()
    camera.cut(30)
    state = camera.spool.state()
    assert state.dropped == 40 - state.waiting > 0
    camera.line.is_away = False
    camera.drain()
    (health,) = camera.health()
    assert isinstance(health, SourceHealth)
    assert health.count == state.dropped
    assert {*camera.sent(CLIPS_LIVE), *camera.sent(CLIPS_BULK)} == set(range(state.dropped, 40))
    assert camera.spool.state().dropped == state.dropped
    camera.kill()


def test_with_a_full_disk_and_kafka_there_clips_go_on(tmp_path: Path) -> None:
    camera = Camera(tmp_path, SpoolLimits(reserve_bytes=2**62))
    camera.cut(20)
    assert camera.sent(CLIPS_LIVE) == list(range(20))
    assert camera.health() == []
    camera.kill()


def test_a_folder_that_is_taken_away_stops_nothing(camera: Camera) -> None:
    camera.line.is_away = True
    camera.cut(2)
    for path in camera.files.folder.iterdir():
        path.unlink()
    camera.files.folder.rmdir()
    camera.cut(2)
    camera.line.is_away = False
    camera.drain()
    assert {2, 3} <= {*camera.sent(CLIPS_LIVE), *camera.sent(CLIPS_BULK)}


def test_a_damaged_file_is_passed_over(camera: Camera) -> None:
    camera.line.is_away = True
    camera.cut(20)
    first = sorted(camera.files.folder.glob("*.clips.live.v1"))[0]
    first.write_bytes(first.read_bytes()[:5])
    (camera.files.folder / "000000000099.clips.live.v1.draft").write_bytes(b"half")
    camera.kill()
    camera.start()
    camera.line.is_away = False
    camera.drain()
    assert camera.sent(CLIPS_BULK) == list(range(1, 20))
