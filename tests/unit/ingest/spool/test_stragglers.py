"""Who sends what a camera left: its next process, or the worker."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from schemas.topics import CLIPS_BULK, CLIPS_LIVE, HEALTH
from services.chassis.clock import SystemClock
from services.chassis.errors import TransientError
from services.chassis.streaming.memory import MemoryBroker
from services.ingest.spool.files import SpoolFolder
from services.ingest.spool.room import Everything
from services.ingest.spool.sender import Spool
from services.ingest.spool.stragglers import Stragglers, spool_folder
from tests.builders import SOURCE, clip
from tests.unit.ingest.spool.camera import NO_RESERVE, Camera, Line
from tests.waiting import wait_until


def test_one_process_at_a_time_has_a_folder(camera: Camera) -> None:
    other = Spool(SpoolFolder(camera.files.folder), camera.line, camera.clock)
    with pytest.raises(TransientError, match="Another process"):
        other.open()


def test_the_thread_sends_what_is_put_and_stops_with_the_rest_on_disk(tmp_path: Path) -> None:
    broker = MemoryBroker([CLIPS_LIVE, CLIPS_BULK, HEALTH], partitions=1)
    line = Line(broker)
    spool = Spool(spool_folder(tmp_path, SOURCE), line, SystemClock(), NO_RESERVE)
    spool.start()
    spool.put(CLIPS_LIVE, clip(0))
    broker.wait_until(lambda: len(broker.messages(CLIPS_LIVE)) == 1)
    line.is_away = True
    spool.put(CLIPS_LIVE, clip(1))
    wait_until(lambda: spool.state().is_away)
    line.is_away = False
    broker.wait_until(lambda: len(broker.messages(CLIPS_LIVE)) == 2)
    spool.put(CLIPS_LIVE, clip(2))
    spool.stop()
    spool.raise_failure()
    assert len(broker.messages(CLIPS_LIVE)) == 3


def test_another_cameras_folder_is_sent_from_the_worker(camera: Camera, tmp_path: Path) -> None:
    camera.line.is_away = True
    camera.cut(20)
    stragglers = Stragglers(
        tmp_path, camera.broker.publisher("ingest"), camera.clock, NO_RESERVE, Everything()
    )
    stragglers.turn()
    assert camera.sent(CLIPS_BULK) == [], "a living process has it"
    camera.kill()
    for _ in range(100):
        stragglers.turn()
    assert camera.sent(CLIPS_BULK) == list(range(20))
    assert list(tmp_path.iterdir()) == []


def test_of_a_removed_camera_nothing_stays(camera: Camera, tmp_path: Path) -> None:
    camera.line.is_away = True
    camera.cut(5)
    stragglers = Stragglers(
        tmp_path, camera.broker.publisher("ingest"), camera.clock, NO_RESERVE, Everything()
    )
    stragglers.remove(SOURCE)
    stragglers.turn()
    assert list(tmp_path.iterdir()) != [], "a living process has it"
    camera.kill()
    stragglers.turn()
    assert list(tmp_path.iterdir()) == []
    assert camera.sent(CLIPS_BULK) == []


DYING = """
import os, sys
from pathlib import Path
from schemas.topics import CLIPS_LIVE
from services.chassis.errors import TransientError
from services.ingest.spool.sender import Spool
from services.ingest.spool.stragglers import spool_folder
from tests.builders import SOURCE, clip

class Away:
    def publish(self, outgoing): pass
    def flush(self): raise TransientError("away")

spool = Spool(spool_folder(Path(sys.argv[1]), SOURCE), Away())
spool.start()
for index in range(20):
    spool.put(CLIPS_LIVE, clip(index))
os.kill(os.getpid(), 9)
"""


def test_a_process_that_is_killed_leaves_everything_to_the_next(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", DYING, str(tmp_path)], capture_output=True)
    assert done.returncode == -signal.SIGKILL
    camera = Camera(tmp_path)
    camera.drain()
    assert camera.sent(CLIPS_BULK) == list(range(20))
    camera.kill()
