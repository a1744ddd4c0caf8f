"""Two workers, one of them killed, and endpoints of five tenants that hang, fail, redirect, are
busy, greylist or hang up: each alert once in effect, and nobody waits for another's endpoints.
"""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid5

import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine, select

from schemas.alerts import AlertOpened
from schemas.base import Message
from schemas.sources import SourceConfigured
from schemas.targets import ChannelName, TargetConfigured
from schemas.topics import ALERTS, SOURCES, TARGETS, Topic
from services.alerts.config import AlertsSettings
from services.alerts.tables import deliveries
from services.chassis.sealing import Sealing
from services.chassis.streaming.publisher import KafkaPublisher
from services.chassis.streaming.records import Outgoing
from tests.builders import SOURCE, source
from tests.integration.alerts.endpoints import RETRY_AFTER_S, BadHooks, BadPost
from tests.integration.alerts.scene import environment_of
from tests.servers import S3Server
from tests.unit.alerts.room import alert
from tests.waiting import wait_until

pytestmark = pytest.mark.integration
PATIENCE_S = 240
KEY = "a key for tests"
HUNG, HUNG_EACH = range(4), 20
ALIVE = 4
"""Of which tenant everything arrives in the end."""
PATHS = ("/ok", "/slow", "/failing", "/redirect", "/busy")
MAILS = ("grey@store.example", "drop@store.example")
ALERTED = 3


def tenant(number: int) -> UUID:
    return uuid5(SOURCE, f"chain/{number}")


def of_tenant(number: int, about: int = 0) -> SourceConfigured:
    now = datetime.now(UTC)
    return SourceConfigured(
        source_id=source(10 * number + about),
        source_kind="upload",
        tenant_id=tenant(number),
        name="door.mp4",
        origin_at=now,
        configured_at=now,
    )


def target(number: int, channel: ChannelName, address: str) -> TargetConfigured:
    sealing = Sealing(SecretStr(KEY))
    return TargetConfigured(
        target_id=uuid5(tenant(number), address),
        tenant_id=tenant(number),
        channel=channel,
        name=address[-20:],
        shown=address,
        address=sealing.seal_secret("target", address.encode()),
        configured_at=datetime.now(UTC),
    )


def opened(number: int, about: int = 0) -> AlertOpened:
    return alert(source_id=source(10 * number + about), cut_at=datetime.now(UTC))


@dataclass
class Chains:
    """Five tenants, their endpoints, and the workers that write to them."""

    settings: AlertsSettings
    hooks: BadHooks
    post: BadPost
    folder: Path

    @contextmanager
    def worker(self) -> Iterator["subprocess.Popen[bytes]"]:
        with (self.folder / "alerts.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "services.alerts"],
                env=os.environ | environment_of(self.settings),
                stdout=log,
                stderr=log,
            )
            try:
                yield process
            finally:
                kill(process)

    def publish(self, topic: Topic, *messages: Message) -> None:
        publisher = KafkaPublisher(self.settings, "api")
        for message in messages:
            publisher.publish(Outgoing(topic, message))
        publisher.flush()

    def configure(self) -> None:
        self.publish(SOURCES, *(of_tenant(number) for number in HUNG))
        self.publish(SOURCES, *(of_tenant(ALIVE, about) for about in range(ALERTED)))
        for number in HUNG:
            addresses = [f"{self.hooks.url}/hang/{number}/{place}" for place in range(HUNG_EACH)]
            self.publish(TARGETS, *(target(number, "webhook", each) for each in addresses))
        hooks = [target(ALIVE, "webhook", self.hooks.url + path) for path in PATHS]
        self.publish(TARGETS, *hooks, *(target(ALIVE, "email", each) for each in MAILS))

    def left(self) -> list[str]:
        """The deliveries of the tenant that are not over yet."""
        mine = deliveries.c.tenant_id == str(tenant(ALIVE)), deliveries.c.due_at.is_not(None)
        engine = create_engine(self.settings.database_url.get_secret_value())
        with engine.connect() as connection:
            found = list(connection.scalars(select(deliveries.c.target).where(*mine)))
        engine.dispose()
        return found


def kill(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGKILL)
    process.wait(120)


@pytest.fixture
def chains(
    kafka: str, topic_prefix: str, weed: S3Server, mariadb_url: str, tmp_path: Path
) -> Iterator[Chains]:
    with BadHooks() as hooks, BadPost() as post:
        settings = AlertsSettings(
            kafka_bootstrap=kafka,
            topic_prefix=topic_prefix,
            s3_endpoint=weed.endpoint,
            s3_access_key=weed.access_key,
            s3_secret_key=weed.secret_key,
            database_url=mariadb_url,
            state_dir=tmp_path,
            secret_key=KEY,
            health_port=0,
            smtp_host="127.0.0.1",
            smtp_port=post.port,
            smtp_security="none",
            target_networks="public,private,loopback",
            delivery_deadline_s=110.0,
            delivery_lease_s=4.0,
            mail_picture_wait_s=0.0,
        )
        yield Chains(settings, hooks, post, tmp_path)


def test_each_alert_is_heard_of_once_whatever_endpoints_and_workers_do(chains: Chains) -> None:
    hooks = chains.hooks
    chains.configure()
    with chains.worker() as first:
        chains.publish(ALERTS, *(opened(number) for number in HUNG))
        wait_until(lambda: hooks.hanging() >= len(HUNG) * HUNG_EACH, PATIENCE_S)
        chains.publish(ALERTS, *(opened(ALIVE, about) for about in range(ALERTED)))
        # All of them hang on: nobody waited until an attempt was over.
        wait_until(lambda: len(hooks.at("/ok")) >= ALERTED and hooks.at("/slow"), PATIENCE_S)
        kill(first)
        with chains.worker():
            wait_until(lambda: not chains.left(), PATIENCE_S)
    for path in PATHS:
        assert_once_in_effect(hooks, path)
    assert not hooks.at("/stolen")
    assert_told_when_to_come_back(hooks)
    assert_mails(chains)


def assert_once_in_effect(hooks: BadHooks, path: str) -> None:
    """What came twice is the same, byte for byte, and known by its id."""
    bodies: dict[str, bytes] = {}
    for post in hooks.at(path):
        assert bodies.setdefault(post.webhook_id, post.body) == post.body
    assert len(bodies) == len(set(bodies.values())) == ALERTED


def assert_told_when_to_come_back(hooks: BadHooks) -> None:
    for identity in {post.webhook_id for post in hooks.at("/busy")}:
        first, second, *_ = (post.at for post in hooks.at("/busy") if post.webhook_id == identity)
        assert second - first >= RETRY_AFTER_S


def assert_mails(chains: Chains) -> None:
    taken = Counter(
        (mail.recipients[0], mail.message["Message-ID"]) for mail in chains.post.inbox.items
    )
    assert Counter(to for to, _ in taken) == dict.fromkeys(MAILS, ALERTED)
    assert chains.post.refused["dropped"] == 1
