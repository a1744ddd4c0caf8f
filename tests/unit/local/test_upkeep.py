"""The store gives room back once its disk is tight, and is left alone before."""

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from services.local.upkeep import TIGHT_BYTES, vacuuming


class Master(ThreadingHTTPServer):
    """Notes what it is asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.asked: list[str] = []


class Answers(BaseHTTPRequestHandler):
    server: Master

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def master() -> Iterator[Master]:
    with Master() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.mark.parametrize(
    ("free_bytes", "asked"),
    [(TIGHT_BYTES, []), (TIGHT_BYTES - 1, ["/vol/vacuum?garbageThreshold=0.01"])],
)
def test_a_vacuum_is_asked_for_where_room_is_tight(
    master: Master, tmp_path: Path, free_bytes: int, asked: list[str]
) -> None:
    asyncio.run(vacuuming(tmp_path, master.server_port, lambda _: free_bytes)())
    assert master.asked == asked


def test_a_master_that_is_away_is_asked_again_later(tmp_path: Path) -> None:
    asyncio.run(vacuuming(tmp_path, 1, lambda _: 0)())
