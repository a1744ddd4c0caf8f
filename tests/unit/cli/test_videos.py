"""`nightclerk videos`: what was handed in is listed whole, and taken away by its id."""

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

IDS = [f"0f8fad5b-d9cb-469f-a165-{number:012}" for number in range(3)]


class Archive(ThreadingHTTPServer):
    """An API with three videos, a page each; it refuses to delete the last."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.deleted: list[str] = []


class Answers(BaseHTTPRequestHandler):
    server: Archive

    def do_GET(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        number = int(asked.get("cursor", ["0"])[0])
        video = {
            "video_id": IDS[number],
            "filename": f"[{number}].mp4",
            "state": "failed",
            "is_paused": False,
        }
        video |= {"error": "No picture.", "duration_s": 61.0, "alert_count": 2}
        following = str(number + 1) if number + 1 < len(IDS) else None
        self._answer(200, {"items": [video], "next": following})

    def do_DELETE(self) -> None:
        video_id = self.path.rpartition("/")[2]
        if video_id == IDS[-1]:
            self._answer(404, {"detail": f"There is no video {video_id}."})
            return
        self.server.deleted.append(video_id)
        self._answer(204, None)

    def _answer(self, status: int, content: Any) -> None:
        body = b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def archive() -> Iterator[Archive]:
    with Archive() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def run(archive: Archive, *arguments: str) -> Result:
    address = f"http://127.0.0.1:{archive.server_port}"
    return CliRunner().invoke(app, ["videos", *arguments, "--api", address], catch_exceptions=False)


def test_all_pages_are_listed(archive: Archive) -> None:
    listed = json.loads(run(archive, "list", "--json").stdout)
    assert [video["video_id"] for video in listed] == IDS
    shown = run(archive, "list").stdout
    assert all(video_id in shown for video_id in IDS)
    assert "[0].mp4" in shown


def test_a_video_is_deleted_by_its_id(archive: Archive) -> None:
    result = run(archive, "delete", IDS[0], IDS[1])
    assert (result.exit_code, archive.deleted) == (0, IDS[:2])


def test_what_the_api_refuses_is_said_in_its_words(archive: Archive) -> None:
    result = run(archive, "delete", IDS[2])
    assert result.exit_code == 1
    assert f"There is no video {IDS[2]}." in result.stderr


def test_without_a_stack_one_sentence_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTCLERK_HOME", str(tmp_path))
    result = CliRunner().invoke(app, ["videos", "list"])
    assert result.exit_code == 1
    assert "start one with `nightclerk up`" in result.stderr
