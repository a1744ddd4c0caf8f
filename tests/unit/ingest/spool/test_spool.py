"""Store and forward: outages, kills and full disks lose nothing that the bound allows to keep."""

import threading
from pathlib import Path

from schemas.health import SourceHealth
from schemas.topics import CLIPS_BULK, CLIPS_LIVE, HEALTH
from services.chassis.errors import InvalidMessage, TransientError
from services.chassis.streaming.lag import ScriptedLag
from services.ingest.core.waiting import BLOCK
from services.ingest.spool.room import Aside, BulkRoom
from tests.builders import clip, of_source
from tests.unit.ingest.spool.camera import Camera
from tests.waiting import wait_until


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
