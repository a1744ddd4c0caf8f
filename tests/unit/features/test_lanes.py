"""Two lanes on one network: who goes first, and how both end."""

import threading

import pytest

from schemas.groups import Lane
from services.features.lanes import Lanes, Turns

WAIT_S = 20.0


class Loop:
    """Runs until it is stopped, or fails."""

    def __init__(self, failure: Exception | None = None) -> None:
        self._failure, self._stopping, self.ready = failure, threading.Event(), True

    def run(self) -> None:
        if self._failure is not None:
            raise self._failure
        assert self._stopping.wait(WAIT_S)

    def stop(self) -> None:
        self._stopping.set()
        self.ready = False


class Queue:
    """Batches that ask for the network while another one is on it, in the order they got it."""

    def __init__(self) -> None:
        self.turns, self.order = Turns(), list[str]()
        self._threads: list[threading.Thread] = []
        self._asked = threading.Semaphore(0)

    def ask(self, lane: Lane, name: str) -> None:
        def work() -> None:
            with self.turns.turn(lane, self._asked.release):
                self.order.append(name)

        self._threads.append(threading.Thread(target=work))
        self._threads[-1].start()
        assert self._asked.acquire(timeout=WAIT_S)

    def finish(self) -> list[str]:
        for thread in self._threads:
            thread.join(WAIT_S)
        return self.order


def test_a_live_batch_goes_before_all_bulk_batches_that_wait() -> None:
    queue = Queue()
    with queue.turns.turn("bulk"):
        for lane, name in (("bulk", "b1"), ("bulk", "b2"), ("live", "l1"), ("live", "l2")):
            queue.ask(lane, name)
    order = queue.finish()
    assert set(order[:2]) == {"l1", "l2"}
    assert set(order[2:]) == {"b1", "b2"}


def test_the_network_is_free_again_after_a_failure() -> None:
    queue = Queue()
    with pytest.raises(ZeroDivisionError), queue.turns.turn("bulk"):
        raise ZeroDivisionError
    queue.ask("live", "l")
    assert queue.finish() == ["l"]


def test_both_lanes_run_until_they_are_stopped() -> None:
    lanes = Lanes({"live": Loop(), "bulk": Loop()})
    assert lanes.ready
    runner = threading.Thread(target=lanes.run)
    runner.start()
    lanes.stop()
    runner.join(WAIT_S)
    assert not runner.is_alive()
    assert not lanes.ready


def test_a_failure_in_one_lane_ends_the_other_and_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        Lanes({"live": Loop(), "bulk": Loop(ZeroDivisionError())}).run()
