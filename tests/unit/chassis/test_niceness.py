"""Work that stands back, as Linux sees it."""

import os
import sys
import threading

import pytest

from services.chassis.niceness import LAST, stand_back

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="threads have a niceness on Linux")


def _standing_back(niceness: int) -> list[tuple[int, int]]:
    """Policy and niceness of a thread that stands back, and of one that it begins."""
    found = []

    def look() -> None:
        found.append((os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, 0)))

    def work() -> None:
        stand_back(niceness)
        look()
        another = threading.Thread(target=look)
        another.start()
        another.join()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return found


def test_the_last_have_what_nobody_else_wants() -> None:
    assert _standing_back(LAST) == 2 * [(os.SCHED_IDLE, LAST)]


def test_others_are_nice_and_whoever_asked_for_nothing_is_as_before() -> None:
    before = os.getpriority(os.PRIO_PROCESS, 0)
    assert _standing_back(3) == 2 * [(os.SCHED_OTHER, before + 3)]
    assert _standing_back(0) == 2 * [(os.SCHED_OTHER, before)]
    assert (os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, 0)) == (
        os.SCHED_OTHER,
        before,
    )
