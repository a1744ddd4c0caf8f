"""Webhooks over real HTTP."""

import base64
import json
import socket
from collections.abc import Iterator

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from services.alerts.channels.webhook import WebhookChannel
from services.alerts.core import hook
from services.chassis.clock import SystemClock
from services.local.ports import free_ports
from services.local.receivers import WebhookReceiver
from tests.unit.alerts.room import notice

pytestmark = pytest.mark.integration
SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


@pytest.fixture
def channel() -> WebhookChannel:
    return WebhookChannel(hook.keys(SECRET), SystemClock(), timeout_s=30)


def test_a_receiver_verifies_what_it_got(channel: WebhookChannel, webhook: WebhookReceiver) -> None:
    receipt = channel.send(notice(address=webhook.url))
    assert (receipt.delivered, receipt.detail) == (True, "HTTP 204")
    (got,) = webhook.inbox.items
    told = Webhook(SECRET).verify(got.body, got.headers)
    assert told["data"]["label"] == "fight"
    assert got.headers["webhook-id"] == str(notice(address=webhook.url).delivery_id)


def test_a_changed_body_does_not_verify(channel: WebhookChannel, webhook: WebhookReceiver) -> None:
    channel.send(notice(address=webhook.url))
    (got,) = webhook.inbox.items
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(got.body.replace(b"fight", b"peace"), got.headers)


@pytest.mark.parametrize(
    ("status", "again"), [(500, True), (503, True), (429, True), (404, False), (302, False)]
)
def test_what_an_answer_means(
    channel: WebhookChannel, webhook: WebhookReceiver, status: int, again: bool
) -> None:
    webhook.answers = [status]
    receipt = channel.send(notice(address=webhook.url))
    assert (receipt.delivered, receipt.again) == (False, again)
    assert len(webhook.inbox.items) == 1


def test_tried_again_it_is_the_same_message(
    channel: WebhookChannel, webhook: WebhookReceiver
) -> None:
    webhook.answers = [503]
    for _ in range(2):
        channel.send(notice(address=webhook.url))
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


def test_silence_ends_in_time_and_is_tried_again(silent: str) -> None:
    receipt = WebhookChannel((), SystemClock(), timeout_s=0.2).send(notice(address=silent))
    assert (receipt.delivered, receipt.again, receipt.detail) == (False, True, "no answer in time")


def test_nobody_there_is_tried_again(channel: WebhookChannel) -> None:
    receipt = channel.send(notice(address=f"http://127.0.0.1:{free_ports(1)[0]}/"))
    assert (receipt.delivered, receipt.again) == (False, True)


@pytest.mark.parametrize("address", ["http://", "http://[::1", "gopher://x/", "https:///path"])
def test_what_is_no_address_never_raises(channel: WebhookChannel, address: str) -> None:
    assert not channel.send(notice(address=address)).delivered
