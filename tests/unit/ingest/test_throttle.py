"""Clips wait while too many are unread, and the wait can be cut short."""

from threading import Event, Thread

import pytest

from services.chassis.clock import ManualClock, SystemClock
from services.chassis.errors import TransientError
from services.chassis.streaming.handler import Cancelled
from services.chassis.streaming.lag import ScriptedLag
from services.ingest.config import IngestSettings
from services.ingest.throttle import PATIENCE_S, Slowest, Throttle

AWAY = TransientError("Kafka is away")


def admitted(throttle: Throttle, count: int) -> None:
    for _ in range(count):
        throttle.admit(Event())


def test_as_many_pass_as_there_is_room_for_before_it_asks_again() -> None:
    lag = ScriptedLag(0)
    admitted(Throttle(lag, ManualClock(), most=8), 8)
    assert lag.asked == 1


def test_it_waits_until_a_quarter_is_read() -> None:
    lag, clock = ScriptedLag(8, 7, 6, 5, 0), ManualClock()
    before = clock.now()
    throttle = Throttle(lag, clock, most=8)
    admitted(throttle, 1)
    assert lag.asked == 4
    assert (clock.now() - before).total_seconds() == 1.5
    admitted(throttle, 2)
    assert lag.asked == 4
    admitted(throttle, 1)
    assert lag.asked == 5


def test_a_short_silence_of_kafka_is_waited_out() -> None:
    lag = ScriptedLag(AWAY, AWAY, 0)
    admitted(Throttle(lag, ManualClock(), most=8), 1)
    assert lag.asked == 3


def test_a_long_silence_gives_the_job_back() -> None:
    clock = ManualClock()
    before = clock.now()
    with pytest.raises(TransientError):
        admitted(Throttle(ScriptedLag(AWAY), clock, most=8), 1)
    assert (clock.now() - before).total_seconds() == pytest.approx(PATIENCE_S, abs=2)


@pytest.mark.parametrize("lag", [ScriptedLag(99), ScriptedLag(AWAY)])
def test_waiting_ends_when_cancelled(lag: ScriptedLag) -> None:
    cancelled = Event()
    cancelled.set()
    with pytest.raises(Cancelled):
        Throttle(lag, ManualClock(), most=8).admit(cancelled)


class Deleted(ScriptedLag):
    """Kafka deleted so many clips before they were read."""

    def lost(self) -> int:
        return 40


def test_the_network_that_is_furthest_behind_counts() -> None:
    slowest = Slowest([ScriptedLag(3), ScriptedLag(70), Deleted(0)])
    assert (slowest.unread(), slowest.lost()) == (70, 40)


def test_deleted_clips_are_no_progress(capsys: pytest.CaptureFixture[str]) -> None:
    lag = Deleted(60, 60, 60, 0)
    admitted(Throttle(lag, ManualClock(), most=8), 1)
    assert lag.asked == 4
    assert "deleted clips before they were read" in capsys.readouterr().out


def test_lanes_share_the_room_there_is() -> None:
    throttle = Throttle(ScriptedLag(0), SystemClock(), most=200)
    lanes = [Thread(target=admitted, args=(throttle, 100)) for _ in range(2)]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join()
    assert throttle._room == 0


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({}, ["i3d_k400"]),
        ({"backbone": "yolov8_pose"}, ["yolov8_pose"]),
        ({"backbones": " i3d_k400, yolov8_pose,"}, ["i3d_k400", "yolov8_pose"]),
    ],
)
def test_every_network_of_the_stack_is_waited_for(
    settings: dict[str, str], names: list[str]
) -> None:
    assert IngestSettings(**settings).backbone_names == names  # type: ignore[arg-type]
