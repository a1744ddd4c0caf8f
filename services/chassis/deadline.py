"""One end for everything that an attempt does: name, connection, encryption, sending, answer.

Time-outs of sockets count from one read to the next, so that a server which sends a byte now and
then could hold an attempt for ever. Here the attempt runs in a thread of its own; when its time is
over its connection is shut down under it, and whoever waits for the attempt goes on.
"""

import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")
MOST_STUCK = 2


class Expired(Exception):
    """The attempt's time is over: it must not go on. Says why in few words."""


class Deadline:
    """Shared by the attempt and whoever waits for it."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._lock = threading.Lock()
        self._connections: list[socket.socket] = []
        self._expired = False

    def guard(self, connection: socket.socket) -> None:
        """Shut the connection down when the time is over; what is wrapped around it later, as TLS,
        ends with it. Raises Expired when it is over already, the connection closed.
        """
        with self._lock:
            if not self._expired:
                self._connections.append(connection.dup())
                return
        connection.close()
        raise Expired("too late")

    def expire(self) -> None:
        """Wake the attempt with an error, wherever it waits for the network."""
        with self._lock:
            self._expired = True
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self.release()

    def release(self) -> None:
        """The attempt is over: its connections need no guard."""
        with self._lock:
            while self._connections:
                self._connections.pop().close()


class BoundedCalls:
    """Runs attempts one after the other, each within its time.

    The look-up of a name cannot be interrupted. A thread that is stuck in one is left behind, and
    finds its deadline expired when it comes back; with MOST_STUCK of them nothing new begins.
    """

    def __init__(self) -> None:
        self._threads: list[threading.Thread] = []
        self._current: Deadline | None = None

    def run(self, seconds: float, work: Callable[[Deadline], T]) -> T:
        """What `work` returns or raises. Raises Expired when it takes longer than `seconds`."""
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        if len(self._threads) >= MOST_STUCK:
            raise Expired("attempts before this one still hang, maybe in the look-up of a name")
        self._current = deadline = Deadline(seconds)
        future: Future[T] = Future()
        thread = threading.Thread(target=_work, args=(work, deadline, future), daemon=True)
        self._threads.append(thread)
        thread.start()
        wait([future], seconds)
        if not future.done():
            deadline.expire()
            raise Expired(f"the attempt was not over within {seconds:g} s")
        return future.result()

    def cut_short(self) -> None:
        """From another thread: the time of the attempt at work, if there is one, is over now."""
        if self._current is not None:
            self._current.expire()


def _work(work: Callable[[Deadline], T], deadline: Deadline, future: "Future[T]") -> None:
    """The connections are let go before anybody hears of the end."""
    try:
        result = work(deadline)
    except BaseException as error:  # noqa: BLE001 - whoever waits raises it
        deadline.release()
        future.set_exception(error)
    else:
        deadline.release()
        future.set_result(result)
