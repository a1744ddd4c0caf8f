"""A thread that goes on in spite of short outages, and says when it cannot."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from services.alerts.duty import PATIENCE, Duty
from services.chassis.errors import TransientError


class HastyClock:
    """Waits for events, never for time."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def now(self) -> datetime:
        return datetime.now(UTC)

    def wait(self, seconds: float, until: threading.Event) -> bool:
        self.waits.append(seconds)
        return until.wait(60 if seconds >= 60 else 0)


class Turns:
    """Answers of a turn, one after the other; then it rests for an hour."""

    def __init__(self, *answers: float | Exception) -> None:
        self._answers = list(answers)
        self.done = threading.Event()

    def __call__(self) -> float:
        if not self._answers:
            self.done.set()
            return 3600.0
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


AWAY = TransientError("away")


def started(turns: Callable[[], float], clock: HastyClock) -> tuple[Duty, threading.Event]:
    duty, fallen = Duty("test", turns, clock), threading.Event()
    duty.start(fallen.set)
    return duty, fallen


def test_it_goes_on_after_short_outages_with_growing_pauses() -> None:
    turns, clock = Turns(AWAY, AWAY, AWAY, 0.0, AWAY), HastyClock()
    duty, fallen = started(turns, clock)
    assert turns.done.wait(10)
    duty.stop()
    duty.raise_failure()
    assert not fallen.is_set()
    assert clock.waits[:5] == [0.4, 0.8, 1.6, 0.0, 0.4]


def test_a_long_outage_ends_it_and_is_told() -> None:
    duty, fallen = started(Turns(*[AWAY] * (PATIENCE + 1)), HastyClock())
    assert fallen.wait(10)
    duty.stop()
    with pytest.raises(TransientError):
        duty.raise_failure()


def test_a_bug_ends_it_at_once() -> None:
    duty, fallen = started(Turns(ZeroDivisionError()), HastyClock())
    assert fallen.wait(10)
    duty.stop()
    with pytest.raises(ZeroDivisionError):
        duty.raise_failure()


def test_woken_it_turns_at_once() -> None:
    turned: list[int] = []
    resting = threading.Event()

    def turn() -> float:
        turned.append(1)
        resting.set()
        return 3600.0

    duty, _ = started(turn, HastyClock())
    assert resting.wait(10)
    resting.clear()
    duty.wake()
    assert resting.wait(10)
    duty.stop()
    assert len(turned) == 2


def test_one_that_never_started_can_be_stopped() -> None:
    Duty("test", Turns(), HastyClock()).stop()
