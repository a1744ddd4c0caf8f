"""One end for everything that an attempt does."""

import socket
import threading
from collections.abc import Iterator

import pytest

from services.chassis.deadline import MOST_STUCK, BoundedCalls, Deadline, Expired

LONG_S = 60.0


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Takes connections, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_what_is_over_in_time_gives_its_result() -> None:
    assert BoundedCalls().run(LONG_S, lambda _: 7) == 7


@pytest.mark.parametrize("failure", [ValueError("no"), TimeoutError("a time-out of its own")])
def test_what_fails_in_time_raises_its_failure(failure: Exception) -> None:
    def fail(_: Deadline) -> None:
        raise failure

    with pytest.raises(type(failure), match=str(failure)):
        BoundedCalls().run(LONG_S, fail)


def test_whoever_waits_for_the_network_is_woken(listener: socket.socket) -> None:
    """The socket's own time-out is far away."""
    woken = threading.Event()

    def read(deadline: Deadline) -> None:
        with socket.create_connection(listener.getsockname(), LONG_S) as connection:
            deadline.guard(connection)
            connection.recv(1)
            woken.set()

    with pytest.raises(Expired):
        BoundedCalls().run(0.05, read)
    assert woken.wait(LONG_S)


def test_a_server_that_drips_cannot_hold_an_attempt(listener: socket.socket) -> None:
    """Every read is answered in time, and the attempt ends all the same."""
    ended = threading.Event()

    def drip() -> None:
        connection, _ = listener.accept()
        with connection:
            try:
                while not ended.wait(0.01):
                    connection.sendall(b"a")
            except OSError:
                return

    def read(deadline: Deadline) -> None:
        with socket.create_connection(listener.getsockname(), LONG_S) as connection:
            deadline.guard(connection)
            while connection.recv(1):
                pass
            ended.set()

    dripping = threading.Thread(target=drip)
    dripping.start()
    with pytest.raises(Expired):
        BoundedCalls().run(0.1, read)
    dripping.join(LONG_S)
    assert not dripping.is_alive()


def test_a_connection_that_comes_too_late_is_closed(listener: socket.socket) -> None:
    deadline = Deadline(LONG_S)
    deadline.expire()
    with socket.create_connection(listener.getsockname(), LONG_S) as connection:
        with pytest.raises(Expired):
            deadline.guard(connection)
        assert connection.fileno() == -1


def test_what_is_stuck_beyond_the_network_is_left_behind_but_not_piled_up() -> None:
    calls, held, begun = BoundedCalls(), threading.Event(), []

    def stuck(_: Deadline) -> None:
        begun.append(1)
        held.wait(LONG_S)

    for _ in range(10):
        with pytest.raises(Expired):
            calls.run(0.01, stuck)
    assert len(begun) == MOST_STUCK
    held.set()
    for thread in calls._threads:
        thread.join(LONG_S)
    assert calls.run(LONG_S, lambda _: 7) == 7


def test_an_attempt_can_be_cut_short(listener: socket.socket) -> None:
    calls, connected = BoundedCalls(), threading.Event()

    def read(deadline: Deadline) -> bytes:
        with socket.create_connection(listener.getsockname(), LONG_S) as connection:
            deadline.guard(connection)
            connected.set()
            return connection.recv(1)

    def cut() -> None:
        connected.wait(LONG_S)
        calls.cut_short()

    calls.cut_short()
    cutting = threading.Thread(target=cut)
    cutting.start()
    assert calls.run(LONG_S, read) == b""
    cutting.join()
