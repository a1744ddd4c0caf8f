"""`nightclerk camera`: what is typed becomes what the API is asked, and no password is shown."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from typer.testing import CliRunner, Result

from services.cli.__main__ import app

FIRST, SECOND = (str(UUID(int=number)) for number in (1, 2))


def kept(source_id: str, name: str, **fields: Any) -> dict[str, Any]:
    content = {
        "source_id": source_id,
        "name": name,
        "address": "rtsp://10.0.0.9/",
        "state": "online",
        "reason": "",
        "last_score": 0.25,
        "is_announced": True,
    }
    return content | fields


class Store(ThreadingHTTPServer):
    """An API with two cameras that keeps what it is asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.cameras = [kept(FIRST, "Till"), kept(SECOND, "Door", state="offline", reason="No.")]
        self.asked: list[tuple[str, str, Any]] = []


class Answers(BaseHTTPRequestHandler):
    server: Store

    def do_GET(self) -> None:
        self._answer(200, {"items": self.server.cameras, "next": None})

    def do_POST(self) -> None:
        self._answer(201, kept(FIRST, self._note()["name"], is_announced=False, reason="Kafka."))

    def do_PATCH(self) -> None:
        self._answer(200, kept(FIRST, "Till") | self._note())

    def do_DELETE(self) -> None:
        self._note()
        self._answer(204, None)

    def _note(self) -> Any:
        content = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        body = json.loads(content) if content else {}
        self.server.asked.append((self.command, self.path.removeprefix("/api/v1/cameras"), body))
        return body

    def _answer(self, status: int, content: Any) -> None:
        body = b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def store() -> Iterator[Store]:
    with Store() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def run(store: Store, *arguments: str, typed: str | None = None) -> Result:
    command = ["camera", *arguments, "--api", f"http://127.0.0.1:{store.server_port}"]
    return CliRunner().invoke(app, command, input=typed, catch_exceptions=False)


def test_a_camera_is_added_with_its_choices(store: Store) -> None:
    options = ["--name", "Till", "--record-address", "rtsp://10.0.0.9/1", "--motion-gate"]
    options += ["--mask", "0,0 0.3,0 0.3,0.5", "--zone", "till=0,0 1,0 1,1", "--recording", "off"]
    result = run(store, "add", "rtsp://10.0.0.9/2", *options, "--frame-rate", "8")
    assert result.exit_code == 0, result.output
    assert store.asked == [
        (
            "POST",
            "",
            {
                "name": "Till",
                "address": "rtsp://10.0.0.9/2",
                "record_address": "rtsp://10.0.0.9/1",
                "spec": {"frame_rate": 8.0},
                "masks": [[[0, 0], [0.3, 0], [0.3, 0.5]]],
                "zones": [{"name": "till", "polygon": [[0, 0], [1, 0], [1, 1]]}],
                "motion_gate": True,
                "recording": "off",
            },
        )
    ]
    assert "not yet: Kafka." in result.stderr


def test_a_password_is_read_and_never_shown(store: Store) -> None:
    result = run(
        store, "add", "rtsp://10.0.0.9/", "--user", "admin", "--password-stdin", typed="p@ss w:rd\n"
    )
    body = store.asked[0][2]
    assert (body["username"], body["password"]) == ("admin", "p@ss w:rd")
    assert "p@ss" not in result.output
    run(store, "add", "rtsp://admin:hidden@10.0.0.9/a")
    assert store.asked[1][2]["name"] == "rtsp://10.0.0.9/a"


def test_without_a_terminal_a_password_is_not_waited_for(store: Store) -> None:
    result = run(store, "add", "rtsp://10.0.0.9/", "--user", "admin")
    assert (result.exit_code, store.asked) == (1, [])
    assert "--password-stdin" in result.stderr


def test_cameras_are_listed_with_how_they_are(store: Store) -> None:
    shown = run(store, "list").stdout
    assert FIRST in shown
    assert "offline: No." in shown
    listed = json.loads(run(store, "list", "--json").stdout)
    assert [one["name"] for one in listed] == ["Till", "Door"]


def test_one_is_named_by_its_name_or_id(store: Store) -> None:
    run(store, "pause", "Door")
    run(store, "resume", FIRST)
    run(store, "set", "Till", "--record-address", "", "--mask", "", "--no-motion-gate")
    run(store, "remove", "Till", SECOND)
    assert store.asked == [
        ("PATCH", f"/{SECOND}", {"is_paused": True}),
        ("PATCH", f"/{FIRST}", {"is_paused": False}),
        ("PATCH", f"/{FIRST}", {"record_address": None, "masks": [], "motion_gate": False}),
        ("DELETE", f"/{FIRST}", {}),
        ("DELETE", f"/{SECOND}", {}),
    ]


def test_a_name_of_none_or_several_is_refused(store: Store) -> None:
    store.cameras.append(kept(str(UUID(int=3)), "Till"))
    for name in ("Till", "Window"):
        result = run(store, "pause", name)
        assert result.exit_code == 1
        assert name in result.stderr
    assert store.asked == []


@pytest.mark.parametrize("mask", ["0,0 1,1", "0,0 2,0 1,1", "a", "0 0 0"])
def test_a_mask_that_is_no_polygon_is_refused_with_advice(store: Store, mask: str) -> None:
    result = run(store, "add", "rtsp://10.0.0.9/", "--mask", mask)
    assert (result.exit_code, store.asked) == (1, [])
    assert "three corners" in result.stderr


def test_what_a_camera_gives_is_said_and_its_first_picture_kept(tmp_path: Path) -> None:
    picture = tmp_path / "first.jpg"
    address = "sim://store?size=64x64&seed=1"
    options = ["camera", "test", address, "--picture", str(picture)]
    result = CliRunner().invoke(app, options, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "64x64" in result.stdout
    assert picture.read_bytes().startswith(b"\xff\xd8")


def test_why_a_camera_gives_nothing_is_one_sentence_without_its_password(tmp_path: Path) -> None:
    address = "rtsp://admin:hidden@127.0.0.1:9/stream"
    options = ["camera", "test", address, "--picture", str(tmp_path / "none.jpg")]
    result = CliRunner().invoke(app, options, catch_exceptions=False)
    assert result.exit_code == 1
    assert "hidden" not in result.output
    assert result.stderr.strip().endswith(".")
