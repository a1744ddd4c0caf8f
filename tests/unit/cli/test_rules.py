"""`nightclerk rules`: what is typed becomes what the API is asked, and its answer a table."""

import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from typer.testing import CliRunner, Result

from services.api.policies.entry import EXAMPLE
from services.api.policies.views import EffectivePolicyView
from services.cli.__main__ import app

TILL, STORE = UUID(int=1), UUID(int=2)
IN_FORCE: dict[str, Any] = {
    "rules": [
        {
            "rule": EXAMPLE["rules"][0] | {"alone": None, "during": "always"},
            "origin": "default",
            "muted_by": "store",
        }
    ],
    "presence": [
        {
            "rule": EXAMPLE["presence"][0]
            | {"zone": "till", "posture": "any", "more_than": 0, "joined": "fight"},
            "origin": "tenant",
            "muted_by": None,
        }
    ],
    "snoozed_until": "2026-05-01T22:00:00Z",
    "faults": ["after hours: there is no zone 'till' here, so it never fires."],
}
PREVIEW = {
    "sources": [
        {
            "name": "Till",
            "would": 1,
            "did": 3,
            "days": [{"day": "2026-05-01", "rule": "fight", "would": 1, "did": 3}],
        }
    ],
    "left_out": [],
    "notes": ["Rules on presence are not replayed."],
}


class Server(ThreadingHTTPServer):
    """An API that answers by the path, and keeps what it is asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.asked: list[tuple[str, str, Any]] = []

    def answer(self, path: str) -> Any:
        if path == "/policies/preview":
            return PREVIEW
        if path.startswith("/policies"):
            return {"policy": {"muted": ["fall"]}, "pending": 2}
        if path.endswith("/policy"):
            return IN_FORCE
        if path.endswith("/snooze"):
            return {"snoozed_until": "2026-05-01T22:00:00Z"}
        return {"items": [{"source_id": str(TILL), "name": "Till"}], "next": None}


class Answers(BaseHTTPRequestHandler):
    server: Server

    def _answer(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        path = self.path.removeprefix("/api/v1").partition("?")[0]
        self.server.asked.append((self.command, path, json.loads(content or b"null")))
        body = json.dumps(self.server.answer(path)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PUT = do_POST = do_DELETE = _answer

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.json"
    path.write_text(json.dumps({"muted": ["fall"]}))
    return path


def run(server: Server, *arguments: str) -> Result:
    command = ["rules", *arguments, "--api", f"http://127.0.0.1:{server.server_port}"]
    return CliRunner().invoke(app, command, catch_exceptions=False, env={"COLUMNS": "200"})


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ([], "/policies/tenant"),
        (["--store", str(STORE)], f"/policies/stores/{STORE}"),
        (["--camera", "Till"], f"/policies/sources/{TILL}"),
        (["--camera", str(TILL)], f"/policies/sources/{TILL}"),
    ],
)
def test_a_policy_is_set_where_it_is_meant(
    server: Server, policy: Path, options: list[str], path: str
) -> None:
    result = run(server, "set", str(policy), *options)
    assert result.exit_code == 0, result.output
    assert server.asked[-1] == ("PUT", path, {"muted": ["fall"]})
    assert "2 sources have not heard of it yet" in result.stderr


def test_what_is_in_force_is_a_table(server: Server) -> None:
    result = run(server, "show", "--camera", "Till")
    assert server.asked[-1][:2] == ("GET", f"/sources/{TILL}/policy")
    shown = set(result.stdout.split())  # a narrow terminal wraps within the columns
    for words in ("default, muted by store", "4 of 6 at", "more than 0 in till for 5 s, with"):
        assert set(words.split()) <= shown
    assert "there is no zone" in result.stderr


def test_what_was_entered_is_json(server: Server) -> None:
    assert json.loads(run(server, "show").stdout) == {"muted": ["fall"]}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], {"source_ids": [str(TILL)], "scope": "tenant"}),
        (["--store", str(STORE)], {"store_id": str(STORE), "scope": "store"}),
        (["--camera", "Till"], {"source_ids": [str(TILL)], "scope": "source"}),
    ],
)
def test_a_policy_is_tried_on_the_past(
    server: Server, policy: Path, options: list[str], expected: dict[str, Any]
) -> None:
    result = run(server, "test", str(policy), "--since", "2d", *options)
    assert result.exit_code == 0, result.output
    method, path, body = server.asked[-1]
    assert (method, path) == ("POST", "/policies/preview")
    since, until = (datetime.fromisoformat(body.pop(name)) for name in ("since", "until"))
    assert abs(until - since - timedelta(days=2)) < timedelta(minutes=1)
    assert body == {"policy": {"muted": ["fall"]}} | expected
    assert ["Till", "2026-05-01", "fight", "1", "3"] in [
        line.split() for line in result.stdout.splitlines()
    ]
    assert "not replayed" in result.stderr


def test_a_camera_is_snoozed_and_woken(server: Server) -> None:
    run(server, "snooze", "Till", "8h")
    method, path, body = server.asked[-1]
    assert (method, path) == ("PUT", f"/sources/{TILL}/snooze")
    ahead = datetime.fromisoformat(body["until"]) - datetime.now().astimezone()
    assert timedelta(hours=7.9) < ahead < timedelta(hours=8.1)
    run(server, "snooze", "Till", "off")
    assert server.asked[-1][:2] == ("DELETE", f"/sources/{TILL}/snooze")


@pytest.mark.parametrize(
    "arguments",
    [("snooze", "Till", "long"), ("test", "FILE", "--since", "yesterday"), ("set", "BROKEN")],
)
def test_what_cannot_be_understood_is_said(
    server: Server, policy: Path, arguments: tuple[str, ...]
) -> None:
    broken = policy.with_name("broken.json")
    broken.write_text("{")
    typed = [{"FILE": str(policy), "BROKEN": str(broken)}.get(one, one) for one in arguments]
    result = run(server, *typed)
    assert result.exit_code != 0
    assert " is no " in result.stderr


def test_the_answer_that_is_tried_here_is_the_apis() -> None:
    assert IN_FORCE.keys() <= EffectivePolicyView.model_fields.keys()
