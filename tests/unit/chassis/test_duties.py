"""A thread that goes on in spite of outages, and is reported when it falls over a bug."""

import threading
from collections.abc import Callable

import pytest

from services.chassis.clock import SystemClock
from services.chassis.duties import LONGEST_PAUSE_S, Duty, Lease
from services.chassis.errors import TransientError


class HastyClock(SystemClock):
    """Waits for events, never for time."""

    def __init__(self) -> None:
        self.waits: list[float] = []

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


class ScriptedLease(Lease):
    """Ours or another's, as it is told; the last answer holds for ever."""

    duration_s = 3.0

    def __init__(self, *answers: bool) -> None:
        self._answers = list(answers)
        self.released = False

    def acquire(self) -> bool:
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    def release(self) -> None:
        self.released = True


def started(
    turns: Callable[[], float], clock: HastyClock, lease: Lease | None = None
) -> tuple[Duty, threading.Event]:
    duty, failed = Duty("test", turns, clock, lease), threading.Event()
    duty.start(failed.set)
    return duty, failed


def test_it_goes_on_after_short_outages_with_growing_pauses() -> None:
    turns, clock = Turns(AWAY, AWAY, AWAY, 0.0, AWAY), HastyClock()
    duty, failed = started(turns, clock)
    assert turns.done.wait(60)
    duty.stop()
    duty.raise_failure()
    assert not failed.is_set()
    assert clock.waits[:5] == [0.4, 0.8, 1.6, 0.0, 0.4]


def test_it_goes_on_after_an_outage_of_hours() -> None:
    turns, clock = Turns(*[AWAY] * 1000), HastyClock()
    duty, failed = started(turns, clock)
    assert turns.done.wait(60)
    duty.stop()
    duty.raise_failure()
    assert not failed.is_set()
    assert max(clock.waits[:1000]) == LONGEST_PAUSE_S


def test_a_bug_ends_it_at_once() -> None:
    duty, failed = started(Turns(ZeroDivisionError()), HastyClock())
    assert failed.wait(60)
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
    assert resting.wait(60)
    resting.clear()
    duty.wake()
    assert resting.wait(60)
    duty.stop()
    assert len(turned) == 2


def test_one_that_never_started_can_be_stopped() -> None:
    Duty("test", Turns(), HastyClock()).stop()


def test_without_the_lease_it_waits_and_begins_once_it_has_it() -> None:
    turns, clock, lease = Turns(), HastyClock(), ScriptedLease(False, False, True)
    duty, _ = started(turns, clock, lease)
    assert turns.done.wait(60)
    duty.stop()
    assert clock.waits[:2] == [1.0, 1.0]
    assert lease.released


def test_the_lease_is_renewed_well_before_it_runs_out() -> None:
    turns, clock = Turns(), HastyClock()
    duty, _ = started(turns, clock, ScriptedLease(True))
    assert turns.done.wait(60)
    duty.stop()
    assert set(clock.waits) <= {1.0}
