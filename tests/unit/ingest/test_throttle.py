"""Clips wait while too many are unread, and the wait can be cut short."""

from threading import Event

import pytest

from services.chassis.clock import ManualClock
from services.chassis.errors import TransientError
from services.chassis.streaming.handler import Cancelled
from services.chassis.streaming.lag import ScriptedLag
from services.ingest.throttle import PATIENCE_S, Throttle

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
