"""HTTP to the address that was checked, and no further: the name is looked up, checked and
connected to in one step, while certificates stay those of the name.
"""

import socket
from collections.abc import Iterable
from typing import Any

import httpcore

from services.chassis.addresses.endpoints import Connecting
from services.chassis.deadline import Deadline


class PinnedBackend(httpcore.NetworkBackend):
    """Connects to what is allowed alone, and hands each connection to the deadline. Give it to a
    pool of one request: a connection that was kept open would have no guard.
    """

    def __init__(self, connecting: Connecting, deadline: Deadline) -> None:
        self._connecting, self._deadline = connecting, deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            opened = self._connecting.connect(host, port, timeout, self._deadline.guard)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return _stream_of(opened)


def _stream_of(opened: socket.socket) -> httpcore.NetworkStream:
    from httpcore._backends.sync import SyncStream  # what its own backend wraps sockets in

    return SyncStream(opened)
