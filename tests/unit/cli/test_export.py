"""`nightclerk export`: a whole file or none, and what the API refuses is one sentence."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from typer.testing import CliRunner, Result

from services.cli.__main__ import app

CONTENT = b"a,b\n" * 1000


class Answers(BaseHTTPRequestHandler):
    """Exports `clips`; of `alerts` the stream breaks off; all else is refused."""

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        table = asked.path.rpartition("/")[2]
        self.server.asked.append((table, parse_qs(asked.query)))  # type: ignore[attr-defined]
        if table == "videos":
            self._answer(200, json.dumps({"items": [], "next": None}).encode())
        elif table == "clips":
            self._answer(200, CONTENT)
        elif table == "alerts":
            self._answer(200, CONTENT[:100], len(CONTENT))
            self.close_connection = True
        else:
            self._answer(404, b'{"detail": "There is no such store."}')

    def _answer(self, status: int, body: bytes, length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(length or len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def server() -> Iterator[Any]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        server.asked = []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def run(server: Any, *arguments: str) -> Result:
    address = f"http://127.0.0.1:{server.server_port}"
    return CliRunner().invoke(app, ["export", *arguments, "--api", address], catch_exceptions=False)


def test_a_file_is_written_in_the_format_that_its_name_says(server: Any, tmp_path: Path) -> None:
    file = tmp_path / "night.parquet"
    result = run(server, "clips", str(file), "--since", "2026-05-01T22:00:00", "--run", "shadow")
    assert (result.exit_code, file.read_bytes()) == (0, CONTENT)
    _, where = server.asked[-1]
    assert where == {"format": ["parquet"], "run": ["shadow"], "since": ["2026-05-01T22:00:00Z"]}


@pytest.mark.parametrize(
    ("table", "name", "sentence"),
    [
        ("minutes", "a.csv", "There is no such store."),
        ("alerts", "a.csv", "does not answer any more"),
        ("clips", "a.xlsx", ".csv or .parquet"),
    ],
)
def test_else_there_is_no_file(
    server: Any, tmp_path: Path, table: str, name: str, sentence: str
) -> None:
    result = run(server, table, str(tmp_path / name))
    assert result.exit_code != 0
    assert sentence in " ".join(result.stderr.split())
    assert list(tmp_path.iterdir()) == []
