"""Endpoints over real connections: pinned names, redirects, TLS by name, push, chat, and MQTT."""

import base64
import getpass
import json
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import http_ece
import paho.mqtt.client as mqtt
import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.errors import BadSignatureError
from paho.mqtt.enums import CallbackAPIVersion
from standardwebhooks.webhooks import Webhook

from services.alerts.channels.mqtt import MqttChannel
from services.alerts.channels.posting import Poster
from services.alerts.channels.webhook import SlackChannel, WebhookChannel
from services.alerts.channels.webpush import WebPushChannel, authorization
from services.alerts.core.deliveries import Receipt, Target
from services.chassis.addresses.endpoints import Connecting, EndpointPolicy
from services.chassis.clock import SystemClock
from services.chassis.deadline import BoundedCalls
from services.chassis.webpush import public_text
from services.local.ports import free_ports
from services.local.receivers import Hook, Inbox, WebhookReceiver
from tests.builders import source
from tests.pushes import Subscription, claims_of
from tests.unit.alerts.room import notice
from tests.waiting import wait_until

pytestmark = pytest.mark.integration
HOME = EndpointPolicy(("public", "private", "loopback"))
SECRETS = tuple("whsec_" + base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))


def target(channel: Any, address: str, **more: Any) -> Target:
    return Target(channel, address, identity=source(50), tenant_id=source(51), **more)


def sent(channel: Any, to: Target, **more: Any) -> Receipt:
    given = notice(target=to, **more)
    return BoundedCalls().run(30.0, lambda end: channel.send(given, end))


@pytest.mark.parametrize("secret", SECRETS)
def test_both_secrets_verify_while_one_is_exchanged(webhook: WebhookReceiver, secret: str) -> None:
    channel = WebhookChannel((), SystemClock(), policy=HOME)
    receipt = sent(channel, target("webhook", webhook.url, secrets=SECRETS))
    assert (receipt.delivered, receipt.status) == (True, 204)
    (got,) = webhook.inbox.items
    assert Webhook(secret).verify(got.body, got.headers)["type"] == "alert.opened"


def test_what_people_configured_leads_nowhere_inside(webhook: WebhookReceiver) -> None:
    channel = WebhookChannel((), SystemClock())
    receipt = sent(channel, target("webhook", webhook.url))
    assert not receipt.delivered
    assert "NIGHTCLERK_TARGET_NETWORKS" in receipt.detail
    assert webhook.inbox.items == []


def test_a_name_that_is_rebound_leads_nowhere(webhook: WebhookReceiver) -> None:
    """Public when it was saved, then inside: what is checked is what is connected to."""
    answers = [["93.184.216.34"], ["127.0.0.1"]]

    def rebinding(_: str) -> Sequence[str]:
        return answers.pop(0)

    EndpointPolicy().check("rebind.example", rebinding)
    port = webhook.url.rpartition(":")[2].partition("/")[0]
    poster, connecting = Poster(SystemClock()), Connecting(EndpointPolicy(), rebinding)
    receipt = BoundedCalls().run(
        30.0,
        lambda end: poster.post(f"http://rebind.example:{port}/", {}, b"{}", connecting, end),
    )
    assert not receipt.delivered
    assert webhook.inbox.items == []


def test_a_certificate_is_checked_against_the_name_though_the_address_is_pinned() -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("hooks.example").configure_cert(context)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    poster = Poster(SystemClock(), trust)
    with WebhookReceiver() as receiver:
        server = receiver._server
        server.socket = context.wrap_socket(server.socket, server_side=True)
        port = server.server_address[1]
        connecting = Connecting(HOME, lambda _: ["127.0.0.1"])
        found = [
            BoundedCalls().run(
                30.0,
                lambda end, name=name: poster.post(  # type: ignore[misc]
                    f"https://{name}:{port}/", {}, b"{}", connecting, end
                ),
            )
            for name in ("hooks.example", "other.example")
        ]
    assert [receipt.delivered for receipt in found] == [True, False]
    assert "certificate" in found[1].detail.lower()


def test_chat_gets_text_and_blocks_that_mention_nobody(webhook: WebhookReceiver) -> None:
    channel = SlackChannel(Poster(SystemClock()), HOME)
    to = target("slack", webhook.url, language="ko")
    assert sent(
        channel, to, source_name="<!channel> & co", acknowledge_url="https://n/a/t"
    ).delivered
    content = json.loads(webhook.inbox.items[0].body)
    text = content["blocks"][0]["text"]["text"]
    assert "<!channel>" not in text
    assert "<https://n/a/t|확인 처리>" in text


def test_a_browser_decrypts_what_is_pushed(webhook: WebhookReceiver) -> None:
    stack, browser = ec.generate_private_key(ec.SECP256R1()), Subscription(webhook.url)
    channel = WebPushChannel(lambda: stack, "night@example.org", Poster(SystemClock()), HOME)
    assert sent(channel, target("webpush", json.dumps(browser.as_json))).delivered
    (got,) = webhook.inbox.items
    assert browser.opened(got)["alert_id"] == str(notice().alert.alert_id)
    claims = claims_of(got, public_text(stack))
    assert claims["sub"] == "mailto:night@example.org"
    assert claims["aud"] == webhook.url.rpartition("/")[0]
    assert 0 < claims["exp"] - time.time() <= 24 * 3600
    with pytest.raises(BadSignatureError):
        claims_of(forged(got), public_text(stack))
    with pytest.raises(http_ece.ECEException):
        Subscription(webhook.url).opened(got)


def forged(push: Hook) -> Hook:
    """Signed by somebody who claims to have the same key."""
    mine = ec.generate_private_key(ec.SECP256R1())
    theirs = push.headers["authorization"].rpartition("k=")[2]
    signed = authorization(mine, "https://push.example/", "x@example.org", time.time())
    header = {"authorization": signed.replace(public_text(mine), theirs)}
    return replace(push, headers=push.headers | header)


@contextmanager
def mosquitto(folder: Path, config: str) -> Iterator[int]:
    """A real one; its port."""
    port = free_ports(1)[0]
    ours = f"user {getpass.getuser()}"  # else root's would become one that cannot read the folder
    (folder / "mosquitto.conf").write_text(f"{ours}\nlistener {port} 127.0.0.1\n{config}\n")
    command = [tool("mosquitto"), "-c", str(folder / "mosquitto.conf")]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: answers(port))
        yield port
    finally:
        process.kill()
        process.wait(60)


def tool(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        pytest.skip(f"there is no {name}")
    return found


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1.0).close()
    except OSError:
        return False
    return True


@contextmanager
def listening(port: int, trust: ssl.SSLContext | None = None) -> Iterator[Inbox[mqtt.MQTTMessage]]:
    """What is said on shops/1 from now on."""
    inbox: Inbox[mqtt.MQTTMessage] = Inbox()
    subscribed: Inbox[int] = Inbox()
    listener = mqtt.Client(CallbackAPIVersion.VERSION2)
    listener.on_message = lambda _client, _data, message: inbox.put(message)
    listener.on_subscribe = lambda *_: subscribed.put(1)
    if trust is not None:
        listener.tls_set_context(trust)
        listener.username_pw_set("shop", "hunter2")
    listener.connect("127.0.0.1", port)
    listener.loop_start()
    listener.subscribe("shops/1", qos=1)
    subscribed.wait_for(1)
    try:
        yield inbox
    finally:
        listener.disconnect()
        listener.loop_stop()


def test_a_broker_hands_the_alert_on(tmp_path: Path) -> None:
    with mosquitto(tmp_path, "allow_anonymous true") as port, listening(port) as inbox:
        to = target("mqtt", f"mqtt://127.0.0.1:{port}/shops/1")
        assert sent(MqttChannel(HOME), to).delivered
        (message,) = inbox.wait_for(1)
    assert (message.qos, message.retain) == (1, False)
    assert json.loads(message.payload)["type"] == "alert.opened"


def test_a_broker_over_tls_wants_a_login_and_proves_who_it_is(tmp_path: Path) -> None:
    authority, trust = trustme.CA(), ssl.create_default_context()
    authority.configure_trust(trust)
    certificate = authority.issue_cert("127.0.0.1")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    passwords = tmp_path / "passwords"
    subprocess.run([tool("mosquitto_passwd"), "-b", "-c", passwords, "shop", "hunter2"], check=True)
    files = f"certfile {tmp_path}/cert.pem\nkeyfile {tmp_path}/key.pem\npassword_file {passwords}"
    with mosquitto(tmp_path, files) as port, listening(port, trust) as inbox:
        addresses = [
            f"mqtts://shop:{password}@127.0.0.1:{port}/shops/1" for password in ("hunter2", "guess")
        ]
        right, wrong = (target("mqtt", address) for address in addresses)
        assert sent(MqttChannel(HOME, trust), right).delivered
        assert len(inbox.wait_for(1)) == 1
        refused = sent(MqttChannel(HOME, trust), wrong)
        unknown = sent(MqttChannel(HOME, ssl.create_default_context()), right)
    for receipt in (refused, unknown):
        assert (receipt.delivered, receipt.again) == (False, True)
    assert "refused by the broker" in refused.detail
    assert "CERTIFICATE_VERIFY_FAILED" in unknown.detail
    assert "hunter2" not in unknown.detail


def test_a_broker_that_is_not_there_is_tried_again() -> None:
    to = target("mqtt", f"mqtt://127.0.0.1:{free_ports(1)[0]}/shops/1")
    receipt = sent(MqttChannel(HOME), to)
    assert (receipt.delivered, receipt.again) == (False, True)
