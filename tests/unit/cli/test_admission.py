"""Footage is under way as far as its bytes fit; nobody waits for ever, and stopping lets all go."""

import threading
from contextlib import ExitStack

from hypothesis import given
from hypothesis import strategies as st

from services.cli.admission import Admission

NEVER = threading.Event()


def test_short_files_go_side_by_side() -> None:
    admission = Admission(most_bytes=100)
    with ExitStack() as under_way:
        for _ in range(50):
            under_way.enter_context(admission.admit(2, NEVER))
        assert admission.files == 50
    assert admission.files == 0


def test_one_that_is_larger_than_all_room_goes_alone() -> None:
    admission = Admission(most_bytes=100)
    with admission.admit(1000, NEVER):
        assert admission.files == 1


@given(st.lists(st.integers(0, 150), min_size=1, max_size=30))
def test_all_get_through_and_never_more_than_fits(sizes: list[int]) -> None:
    admission, most, lock = Admission(most_bytes=100), [0], threading.Lock()
    under_way: list[int] = []

    def go(size: int) -> None:
        with admission.admit(size, NEVER):
            with lock:
                under_way.append(size)
                most[0] = max(most[0], sum(under_way) if len(under_way) > 1 else 0)
            with lock:
                under_way.remove(size)

    threads = [threading.Thread(target=go, args=(size,)) for size in sizes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert most[0] <= 100


def test_whoever_waits_goes_in_when_all_is_stopped() -> None:
    admission, stopped, inside = Admission(most_bytes=100), threading.Event(), threading.Event()

    def wait_for_room() -> None:
        with admission.admit(100, stopped):
            inside.set()

    with admission.admit(100, NEVER):
        thread = threading.Thread(target=wait_for_room)
        thread.start()
        stopped.set()
        assert inside.wait(60)
    thread.join(60)
