"""`nightclerk status`: each process in its own words, and no green light over a fault."""

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from rich.console import Console

from services.cli.status import observe, table
from services.local.state import ProcessRecord, RunRecord, start_time

DISK = "store: The disk of the object store is full: 27 MB are free."


class Ill(BaseHTTPRequestHandler):
    """Is there, and says what is wrong."""

    def do_GET(self) -> None:
        body = f"{DISK}\ndatabase: does not answer\n".encode()
        self.send_response(503)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def ill() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Ill) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_fault_is_shown_in_the_words_of_the_service(ill: str) -> None:
    began = start_time(os.getpid())
    api = ProcessRecord("api", os.getpid(), began, "unhealthy", 0, ill)
    gone = ProcessRecord("alerts", None, None, "down", 3, "http://127.0.0.1:1")
    told = ProcessRecord("ingest", None, None, "down", 3, "http://127.0.0.1:1", "Kafka is away.")
    run = RunRecord(os.getpid(), began or 0, "ready", "", (api, gone, told), {})
    rows = observe(run)
    assert [(row.healthy, row.fault) for row in rows] == [
        (False, f"{DISK}, database: does not answer"),
        (False, "no answer"),
        (False, "Kafka is away."),
    ]
    assert not any(row.well for row in rows)
    console = Console(width=250)
    with console.capture() as captured:
        console.print(table(run, rows))
    assert DISK in captured.get()
