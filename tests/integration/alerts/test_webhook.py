"""Webhooks over real HTTP."""

import base64
import json
import shutil
import socket
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from services.alerts.channels.webhook import WebhookChannel
from services.alerts.core import hook
from services.alerts.core.deliveries import Receipt, Target
from services.chassis.addresses.endpoints import EndpointPolicy
from services.chassis.clock import SystemClock
from services.chassis.deadline import BoundedCalls, Expired
from services.local.ports import free_ports
from services.local.receivers import WebhookReceiver
from tests.builders import SOURCE
from tests.unit.alerts.room import alert, notice

pytestmark = pytest.mark.integration
SECRET, FORMER, UNKNOWN = (
    "whsec_" + base64.b64encode(letter * 32).decode() for letter in (b"k", b"f", b"u")
)
SCRIPT = Path(__file__).with_name("verify.mjs")


def sent(url: str, within_s: float = 30.0, **more: Any) -> Receipt:
    channel = WebhookChannel(hook.keys(SECRET), SystemClock())
    given = notice(target=Target("webhook", url), **more)
    return BoundedCalls().run(within_s, lambda end: channel.send(given, end))


def test_a_receiver_verifies_what_it_got(webhook: WebhookReceiver) -> None:
    receipt = sent(webhook.url)
    assert (receipt.delivered, receipt.detail) == (True, "HTTP 204")
    (got,) = webhook.inbox.items
    content = Webhook(SECRET).verify(got.body, got.headers)
    assert content["data"]["label"] == "fight"
    delivery_id = Target("webhook", webhook.url).delivery_id(alert().alert_id)
    assert got.headers["webhook-id"] == str(delivery_id)


def test_a_changed_body_does_not_verify(webhook: WebhookReceiver) -> None:
    sent(webhook.url)
    (got,) = webhook.inbox.items
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(got.body.replace(b"fight", b"peace"), got.headers)


@pytest.fixture(scope="module")
def verifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The script beside npm's standardwebhooks; node_modules never lies in the repository."""
    missing = [tool for tool in ("node", "npm") if not shutil.which(tool)]
    if missing:
        pytest.skip(f"no {', '.join(missing)} on PATH")
    folder = tmp_path_factory.mktemp("verifier")
    install = ["npm", "install", "--silent", "--no-audit", "--no-fund", "standardwebhooks@1"]
    done = subprocess.run(install, cwd=folder, capture_output=True, text=True, timeout=600)
    if done.returncode:
        pytest.skip(f"npm installs nothing here: {(done.stderr or done.stdout)[-300:]}")
    return Path(shutil.copy(SCRIPT, folder))


def verified(verifier: Path, *deliveries: tuple[str, dict[str, str], bytes]) -> list[str]:
    """What npm's library says of each: its secret, headers and body."""
    lines = [
        json.dumps({"secret": secret, "headers": headers, "body": body.decode()})
        for secret, headers, body in deliveries
    ]
    done = subprocess.run(
        ["node", str(verifier)],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout.splitlines()


def test_the_library_of_npm_verifies_what_it_got(webhook: WebhookReceiver, verifier: Path) -> None:
    """A Korean label included, and either secret while one is exchanged."""
    to = Target("webhook", webhook.url, identity=SOURCE, secrets=(SECRET, FORMER))
    channel = WebhookChannel((), SystemClock(), policy=EndpointPolicy.of("loopback"))
    given = notice(target=to, alert=alert(label="싸움 의심"))
    assert BoundedCalls().run(30.0, lambda end: channel.send(given, end)).delivered
    (got,) = webhook.inbox.items
    changed = got.body.replace("싸움".encode(), "평화".encode())
    assert changed != got.body
    said = verified(
        verifier,
        (SECRET, got.headers, got.body),
        (FORMER, got.headers, got.body),
        (UNKNOWN, got.headers, got.body),
        (SECRET, got.headers, changed),
    )
    assert said == ["verified"] * 2 + ["No matching signature found"] * 2


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_who_is_busy_is_asked_again_when_it_wants(form: str) -> None:
    """Retry-After as RFC 9110 has it, over real HTTP; a date counts whole seconds."""
    until = datetime.now(UTC) + timedelta(seconds=90)
    value = "90" if form == "seconds" else format_datetime(until, usegmt=True)
    with answering(f"HTTP/1.1 429 Busy\r\nRetry-After: {value}\r\n") as url:
        receipt = sent(url)
    assert (receipt.delivered, receipt.again, receipt.status) == (False, True, 429)
    assert 30 <= receipt.retry_after_s <= 90


def test_a_redirect_is_refused_and_followed_nowhere(webhook: WebhookReceiver) -> None:
    with answering(f"HTTP/1.1 307 Elsewhere\r\nLocation: {webhook.url}\r\n") as url:
        receipt = sent(url)
    assert (receipt.delivered, receipt.again) == (False, False)
    assert webhook.inbox.items == []


@contextmanager
def answering(head: str) -> Iterator[str]:
    """A server that answers every request by that."""

    class Answer(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            size = 0
            while line := self.rfile.readline().strip():
                name, _, value = line.partition(b":")
                size = int(value) if name.lower() == b"content-length" else size
            self.rfile.read(size)
            self.wfile.write(f"{head}Content-Length: 0\r\n\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/hook"
        server.shutdown()


@pytest.mark.parametrize(
    ("status", "again"), [(500, True), (503, True), (429, True), (404, False), (302, False)]
)
def test_what_an_answer_means(webhook: WebhookReceiver, status: int, again: bool) -> None:
    webhook.answers = [status]
    receipt = sent(webhook.url)
    assert (receipt.delivered, receipt.again) == (False, again)
    assert len(webhook.inbox.items) == 1


def test_tried_again_it_is_the_same_message(webhook: WebhookReceiver) -> None:
    webhook.answers = [503]
    for _ in range(2):
        sent(webhook.url)
    first, second = webhook.inbox.items
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert json.loads(first.body) == json.loads(second.body)


@pytest.fixture
def silent() -> Iterator[str]:
    """Takes connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"


def test_silence_ends_in_time(silent: str) -> None:
    with suppress(Expired):  # or its socket's own time-out, whichever comes first
        receipt = sent(silent, within_s=0.2)
        assert (receipt.delivered, receipt.again) == (False, True)


class _Dripping(socketserver.StreamRequestHandler):
    """Begins an answer, and never comes to its end."""

    def handle(self) -> None:
        with suppress(OSError):
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
            while True:
                self.wfile.write(b"a")
                threading.Event().wait(0.01)


@pytest.fixture
def dripping() -> Iterator[str]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Dripping) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def test_an_answer_that_drips_ends_in_time(dripping: str) -> None:
    with pytest.raises(Expired):
        sent(dripping, within_s=0.3)


def test_nobody_there_is_tried_again() -> None:
    receipt = sent(f"http://127.0.0.1:{free_ports(1)[0]}/hook/hunter2?token=hunter3")
    assert (receipt.delivered, receipt.again) == (False, True)
    assert "hunter" not in receipt.detail


@pytest.mark.parametrize("address", ["http://", "http://[::1", "gopher://x/", "https:///path"])
def test_what_is_no_address_never_raises(address: str) -> None:
    assert not sent(address).delivered


def test_a_korean_label_arrives(webhook: WebhookReceiver) -> None:
    sent(webhook.url, alert=alert(label="싸움 의심"), source_name="1호점.mp4")
    (got,) = webhook.inbox.items
    data = json.loads(got.body)["data"]
    assert (data["label"], data["source_name"]) == ("싸움 의심", "1호점.mp4")
