"""`nightclerk keys` and `nightclerk audit` with the API itself, over HTTP."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
import pytest
import uvicorn
from sqlalchemy import update
from typer.testing import CliRunner, Result

from services.api.audit import audit_log
from services.api.service import Server
from services.cli.__main__ import app
from tests.unit.api.conftest import Api
from tests.waiting import wait_until

TOKEN = "a long secret"


@dataclass
class Stack:
    api: Api
    url: str

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(app, [*words, "--api", self.url, "--token", TOKEN])


@pytest.fixture
def stack(make_api: Callable[..., Api]) -> Iterator[Stack]:
    api = make_api(api_token=TOKEN, secret_key="long and random")
    server = Server(uvicorn.Config(api.client.app, port=0, log_config=None, proxy_headers=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_until(lambda: server.started, 60)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield Stack(api, f"http://127.0.0.1:{port}")
    server.should_exit = True
    thread.join()


def test_a_key_is_made_listed_and_revoked(stack: Stack) -> None:
    made = stack.run("keys", "add", "dashboard", "--right", "view", "--days", "2", "--json")
    assert made.exit_code == 0, made.output
    key = json.loads(made.stdout)
    assert key["rights"] == ["view"]
    headers = {"Authorization": f"Bearer {key['key']}"}
    path = f"{stack.url}/api/v1/videos"
    assert httpx.get(path, headers=headers, trust_env=False).status_code == 200
    listed = stack.run("keys", "list").stdout
    assert all(word in listed for word in (key["key_id"], "view", "until"))
    assert key["key"].rpartition("_")[2] not in listed
    assert stack.run("keys", "revoke", key["key_id"]).exit_code == 0
    assert httpx.get(path, headers=headers, trust_env=False).status_code == 401
    assert "revoked" in stack.run("keys", "list").stdout


def test_the_key_alone_goes_to_standard_output(stack: Stack) -> None:
    made = stack.run("keys", "add", "robot")
    assert made.stdout.startswith("nk_")
    assert len(made.stdout.splitlines()) == 1


def test_what_the_api_refuses_ends_the_command_with_a_sentence(stack: Stack) -> None:
    refused = stack.run("keys", "add", "robot", "--right", "everything")
    assert (refused.exit_code, "Traceback" in refused.output) == (1, False)


def test_the_log_is_shown_and_verified(stack: Stack) -> None:
    stack.run("keys", "add", "robot")
    stack.run("keys", "add", "other")
    shown = json.loads(stack.run("audit", "list", "--action", "key.", "--json").stdout)
    assert [row["detail"]["name"] for row in shown] == ["other", "robot"]
    assert "key.made" in stack.run("audit", "list", "--most", "1").stdout
    checked = stack.run("audit", "verify")
    head = checked.stdout.splitlines()[-1]
    assert (checked.exit_code, head[:2]) == (0, "2:")
    assert stack.run("audit", "verify", "--head", head).exit_code == 0
    with stack.api.engine.begin() as connection:
        first = audit_log.c.sequence == 1
        connection.execute(update(audit_log).where(first).values(actor_name="somebody else"))
    broken = stack.run("audit", "verify")
    assert broken.exit_code == 1
    assert "Row 1, or the one before it, was changed." in broken.output
