"""Store and forward: outages, kills and full disks lose nothing that the bound allows to keep."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.base import Message
from schemas.clips import ClipRecorded
from schemas.health import SourceHealth
from schemas.topics import CLIPS_BULK, CLIPS_LIVE, HEALTH, Topic
from services.chassis.clock import ManualClock, SystemClock
from services.chassis.errors import InvalidMessage, TransientError
from services.chassis.streaming.lag import ScriptedLag
from services.chassis.streaming.memory import MemoryBroker
from services.chassis.streaming.records import Outgoing
from services.ingest.core.waiting import BLOCK
from services.ingest.spool.files import SpoolFolder
from services.ingest.spool.room import Aside, BulkRoom, Everything, Room
from services.ingest.spool.sender import Spool
from services.ingest.spool.store import SpoolLimits
from services.ingest.spool.stragglers import Stragglers, spool_folder
from tests.builders import SOURCE, clip, of_source
from tests.waiting import wait_until

NO_RESERVE = SpoolLimits(reserve_bytes=0)


class Line:
    """A publisher onto a broker that can be cut off. Cut off, a message may still have arrived."""

    def __init__(self, broker: MemoryBroker) -> None:
        self._publisher = broker.publisher("ingest")
        self.is_away = self.arrives_unacknowledged = False
        self.tries = 0

    def publish(self, outgoing: Outgoing) -> None:
        self.tries += 1
        if not self.is_away or self.arrives_unacknowledged:
            self._publisher.publish(outgoing)

    def flush(self) -> None:
        if self.is_away:
            raise TransientError("Kafka does not answer")
        self._publisher.flush()


class Camera:
    """What a camera's process has of the spool, on a clock of the test's."""

    def __init__(
        self, folder: Path, limits: SpoolLimits = NO_RESERVE, room: Room = Everything()
    ) -> None:
        self.folder, self.limits, self.room = folder, limits, room
        self.broker = MemoryBroker([CLIPS_LIVE, CLIPS_BULK, HEALTH], partitions=1)
        self.line, self.clock = Line(self.broker), ManualClock()
        self.index = 0
        self.start()

    def start(self) -> None:
        self.files = spool_folder(self.folder, SOURCE)
        self.spool = Spool(self.files, self.line, self.clock, self.limits, self.room)
        self.spool.open()

    def kill(self) -> None:
        """As the kernel does: nothing is sent, nothing is written, the lock falls."""
        self.files.release()

    def cut(self, clips: int, size: int = 10) -> None:
        """So many clips, one a second; after each the spool sends what it can."""
        for _ in range(clips):
            self.spool.put(CLIPS_LIVE, clip(self.index, frames=(bytes(size),)))
            self.index += 1
            self.send()
            self.pass_by(1.0)

    def send(self, until_idle: bool = True) -> None:
        while self.spool.turn() == 0.0 and until_idle:
            pass

    def drain(self) -> None:
        """Until everything is sent, as time passes."""
        for _ in range(100_000):
            pause_s = self.spool.turn()
            if not self.spool.state().waiting:
                return
            self.pass_by(pause_s)
        raise AssertionError("it is never empty")

    def pass_by(self, seconds: float) -> None:
        self.clock.wait(seconds, threading.Event())

    def sent(self, topic: Topic) -> list[int]:
        return [one.index for one in self.clips(topic)]

    def clips(self, topic: Topic) -> list[ClipRecorded]:
        found = self.broker.messages(topic)
        return [one for one in found if isinstance(one, ClipRecorded)]

    def health(self) -> list[Message]:
        return self.broker.messages(HEALTH)


@pytest.fixture
def camera(tmp_path: Path) -> Iterator[Camera]:
    camera = Camera(tmp_path)
    yield camera
    camera.kill()


def test_while_kafka_is_there_clips_go_at_once_and_nothing_stays(camera: Camera) -> None:
    camera.cut(4)
    assert camera.sent(CLIPS_LIVE) == [0, 1, 2, 3]
    assert camera.sent(CLIPS_BULK) == []
    assert not any(one.is_late for one in camera.clips(CLIPS_LIVE))
    assert [one.name for one in camera.files.folder.iterdir()] == ["lock"]


def test_after_an_outage_what_is_live_goes_first_and_the_rest_follows_late(camera: Camera) -> None:
    camera.cut(2)
    camera.line.is_away = True
    camera.cut(600)
    assert camera.spool.state().is_away
    camera.line.is_away = False
    camera.cut(4)
    live = camera.sent(CLIPS_LIVE)
    assert live[:2] == [0, 1]
    assert live[2:] == list(range(live[2], 606)), "from a moment on all, and the latest at once"
    assert live[2] > 590
    camera.drain()
    late = camera.clips(CLIPS_BULK)
    assert all(one.is_late for one in late)
    assert live[2] % BLOCK == 0, "no window lies on both lanes"
    assert [one.index for one in late] == list(range(live[2]))
    assert [one.start_s for one in late] == [clip(one.index).start_s for one in late]


def test_a_hiccup_makes_nothing_late(camera: Camera) -> None:
    camera.line.is_away = True
    camera.cut(3)
    camera.line.is_away = False
    camera.pass_by(1.0)
    camera.cut(1)
    assert camera.sent(CLIPS_LIVE) == [0, 1, 2, 3]
    assert camera.sent(CLIPS_BULK) == []


def test_the_backlog_never_delays_what_is_live(camera: Camera) -> None:
    camera.line.is_away = True
    camera.cut(100)
    camera.line.is_away = False
    camera.pass_by(3.0)
    camera.cut(20)
    assert camera.sent(CLIPS_LIVE)[-20:] == list(range(100, 120))
    late = len(camera.sent(CLIPS_BULK))
    assert 0 < late < 90, "slower than at once"
    camera.drain()
    assert {*camera.sent(CLIPS_LIVE), *camera.sent(CLIPS_BULK)} == set(range(120))


def test_what_waits_survives_a_kill_and_a_restart(camera: Camera) -> None:
    camera.line.is_away = True
    camera.cut(30)
    camera.kill()
    camera.start()
    camera.cut(2)
    camera.line.is_away = False
    camera.drain()
    assert camera.sent(CLIPS_BULK) == list(range(30))
    assert camera.sent(CLIPS_LIVE) == [30, 31]


def test_a_kill_before_the_acknowledgement_gives_the_same_clip_twice(camera: Camera) -> None:
    camera.line.is_away = camera.line.arrives_unacknowledged = True
    camera.cut(1)
    camera.kill()
    camera.line.is_away = False
    camera.start()
    camera.drain()
    clips = [*camera.clips(CLIPS_LIVE), *camera.clips(CLIPS_BULK)]
    assert len(clips) > 1
    assert len({one.clip_id for one in clips}) == 1


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


def test_health_is_kept_and_goes_in_order(camera: Camera) -> None:
    camera.line.is_away = True
    for second in range(5):
        condition = SourceHealth(**of_source(), condition="offline", start_s=second, at_s=second)
        camera.spool.put(HEALTH, condition)
        camera.cut(2)
    camera.kill()
    camera.start()
    camera.line.is_away = False
    camera.drain()
    health = [one for one in camera.health() if isinstance(one, SourceHealth)]
    assert [one.start_s for one in health] == [0, 1, 2, 3, 4]


def test_late_clips_wait_for_room_in_their_lane(tmp_path: Path) -> None:
    lag = ScriptedLag(500, TransientError("silent"), 500, 500, 10)
    camera = Camera(tmp_path, room=BulkRoom(lambda: lag, most=256))
    camera.line.is_away = True
    camera.cut(20)
    camera.line.is_away = False
    camera.pass_by(3.0)
    camera.cut(1)
    assert camera.sent(CLIPS_BULK) == []
    assert camera.sent(CLIPS_LIVE)[-1] == 20
    camera.drain()
    assert {*camera.sent(CLIPS_LIVE), *camera.sent(CLIPS_BULK)} == set(range(21))
    assert lag.asked < 40, "Kafka is asked now and then, not for every clip"
    camera.kill()


def test_a_question_that_takes_long_holds_up_nobody() -> None:
    asked, answer = threading.Event(), threading.Event()

    class Slow:
        def admits(self) -> bool:
            asked.set()
            return answer.wait(60)

    room = Aside(Slow())
    assert not room.admits()
    assert asked.wait(60)
    assert not room.admits()
    answer.set()
    wait_until(room.admits)


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


def test_a_message_that_kafka_never_takes_holds_up_nobody(camera: Camera) -> None:
    camera.cut(1)
    camera.broker.fail("produce", InvalidMessage("too large"))
    camera.cut(2)
    assert camera.sent(CLIPS_LIVE)[-1] == 2
    assert camera.spool.state().waiting == 0
    assert camera.spool.state().dropped == 1


def test_what_was_removed_leaves_nothing(camera: Camera) -> None:
    camera.line.is_away = True
    camera.cut(3)
    camera.spool.discard()
    assert not camera.files.folder.exists()


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
