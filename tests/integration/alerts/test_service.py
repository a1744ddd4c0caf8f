"""The alerts service as a process, on real Kafka, S3, SMTP and HTTP: kill -9, and told once."""

import base64
import io
import itertools
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme
from confluent_kafka import Consumer, Producer, TopicPartition
from standardwebhooks.webhooks import Webhook

from schemas.alerts import AlertClosed
from schemas.base import Message
from schemas.deadletters import DeadLetter
from schemas.deliveries import DeliveryAttempted
from schemas.topics import ALERTS, DELIVERIES, dead_letters
from services.alerts.config import AlertsSettings
from services.alerts.video import open_clip
from services.chassis.storage.objects import ObjectStore
from services.chassis.storage.s3 import S3Objects
from services.chassis.streaming.publisher import KafkaPublisher, producer_config
from services.chassis.streaming.records import Outgoing
from services.chassis.streaming.tail import Tail
from services.local.receivers import SmtpSink, WebhookReceiver
from tests.builders import source
from tests.servers import S3Server
from tests.unit.alerts.room import alert, read_time, video

pytestmark = pytest.mark.integration
LOGIN = ("night", "clerk-password")
SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
PATIENCE_S = 240


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return video(tmp_path_factory.mktemp("video") / "video.mp4")


@pytest.fixture
def post(tmp_path: Path) -> Iterator[tuple[SmtpSink, Path]]:
    """A mail server with STARTTLS and AUTH, and the certificate of its authority."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with SmtpSink(login=LOGIN, tls=context) as sink:
        yield sink, tmp_path / "ca.pem"


@dataclass
class Scene:
    """Everything around the service."""

    settings: AlertsSettings
    smtp: SmtpSink
    webhook: WebhookReceiver
    folder: Path

    @contextmanager
    def service(self) -> Iterator["subprocess.Popen[bytes]"]:
        """The service as a process; whatever happens, it ends by kill -9."""
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
                process.send_signal(signal.SIGKILL)
                process.wait(120)

    def tell(self, *messages: Message) -> None:
        publisher = KafkaPublisher(self.settings, "scoring")
        for message in messages:
            publisher.publish(Outgoing(ALERTS, message))
        publisher.flush()

    def store_video(self, content: bytes, number: int) -> None:
        key = f"videos/{source(number)}/original"
        S3Objects.connect(self.settings).put(key, io.BytesIO(content), "video/mp4")

    def rewind(self) -> None:
        """Let the group read the whole topic again, as after a loss of its offsets."""
        consumer = Consumer(
            {
                "bootstrap.servers": self.settings.kafka_bootstrap,
                "group.id": self.settings.topic_prefix + "alerts",
            }
        )
        name = self.settings.topic_prefix + ALERTS.name
        first = [TopicPartition(name, number, 0) for number in range(ALERTS.partitions)]
        consumer.commit(offsets=first, asynchronous=False)
        consumer.close()


def environment_of(settings: AlertsSettings) -> dict[str, str]:
    """The settings as the environment of a process, secrets included."""
    values: dict[str, Any] = settings.model_dump(exclude_defaults=True)
    return {
        f"NIGHTCLERK_{name.upper()}": value.get_secret_value()
        if hasattr(value, "get_secret_value")
        else str(value)
        for name, value in values.items()
    }


@pytest.fixture
def scene(
    kafka: str,
    topic_prefix: str,
    weed: S3Server,
    post: tuple[SmtpSink, Path],
    webhook: WebhookReceiver,
    tmp_path: Path,
) -> Scene:
    smtp, ca_file = post
    settings = AlertsSettings(
        kafka_bootstrap=kafka,
        topic_prefix=topic_prefix,
        s3_endpoint=weed.endpoint,
        s3_access_key=weed.access_key,
        s3_secret_key=weed.secret_key,
        database_url=f"sqlite:///{tmp_path / 'nightclerk.db'}",
        health_port=0,
        smtp_host="127.0.0.1",
        smtp_port=smtp.port,
        smtp_user=LOGIN[0],
        smtp_password=LOGIN[1],
        smtp_ca_file=ca_file,
        smtp_to="owner@example.org",
        webhook_url=webhook.url,
        webhook_secret=SECRET,
    )
    return Scene(settings, smtp, webhook, tmp_path)


def final_for(number: int) -> Callable[[Message], bool]:
    """Whether both channels have told of the alert of that source."""
    by: set[str] = set()

    def look(message: Message) -> bool:
        if isinstance(message, DeliveryAttempted) and message.outcome == "delivered":
            by.update([message.channel] * (message.source_id == source(number)))
        return by == {"email", "webhook"}

    return look


def story(number: int) -> tuple[Message, Message]:
    one = source(number)
    return alert(source_id=one), alert(AlertClosed, source_id=one, end_s=9.0, peak_s=8.0)


def test_an_alert_is_told_by_mail_and_webhook_with_evidence(scene: Scene, content: bytes) -> None:
    scene.store_video(content, 1)
    scene.webhook.answers = [503, 500]
    opened, closed = story(1)
    with closing(Tail(scene.settings, DELIVERIES)) as told, scene.service():
        scene.tell(opened)
        events = told.until(final_for(1), PATIENCE_S)
        scene.tell(closed)
        (mail,) = scene.smtp.inbox.wait_for(1)
        hooks = scene.webhook.inbox.wait_for(3)
        store = S3Objects.connect(scene.settings)
        wait_until(lambda: cut_length(store, opened) > 13)
    assert mail.message["Subject"] == "[Nightclerk] fight at 0:05"
    assert "image/jpeg" in [part.get_content_type() for part in mail.message.walk()]
    assert len({got.headers["webhook-id"] for got in hooks}) == 1
    for got in hooks:
        Webhook(SECRET).verify(got.body, got.headers)
    assert [event.outcome for event in attempts(events, "webhook")] == [
        "retrying",
        "retrying",
        "delivered",
    ]
    (event,) = attempts(events, "email")
    assert store.stat(str(event.snapshot_key)).content_type == "image/jpeg"
    assert store.stat(str(event.evidence_key)).content_type == "video/mp4"


def attempts(events: list[Message], channel: str) -> list[DeliveryAttempted]:
    return [
        event
        for event in events
        if isinstance(event, DeliveryAttempted) and event.channel == channel
    ]


def cut_length(store: ObjectStore, opened: Any) -> float:
    """Seconds of the evidence as it lies there, by what its last picture says."""
    content = store.get(f"alerts/{opened.alert_id}/evidence.mp4")
    with open_clip(io.BytesIO(content)) as clip:
        return read_time(clip.at(999))


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, "it never held"
        time.sleep(0.1)


def test_when_the_topic_is_read_again_nobody_is_told_twice(scene: Scene, content: bytes) -> None:
    for number in (1, 2):
        scene.store_video(content, number)
    with closing(Tail(scene.settings, DELIVERIES)) as told:
        with scene.service() as process:
            scene.tell(*story(1))
            told.until(final_for(1), PATIENCE_S)
            process.terminate()
            assert process.wait(120) == 0
        scene.rewind()
        with scene.service():
            scene.tell(*story(2))
            told.until(final_for(2), PATIENCE_S)
    assert len(scene.smtp.inbox.items) == 2
    assert len(scene.webhook.inbox.items) == 2


def test_a_retry_survives_kill_minus_nine(scene: Scene, content: bytes) -> None:
    scene.store_video(content, 1)
    scene.webhook.answers = [503] * 2
    with closing(Tail(scene.settings, DELIVERIES)) as told:
        with scene.service():
            scene.tell(*story(1))
            scene.webhook.inbox.wait_for(1)
            scene.smtp.inbox.wait_for(1)
        with scene.service():
            events = told.until(final_for(1), PATIENCE_S)
    assert attempts(events, "webhook")[-1].attempt >= 3
    assert len({got.headers["webhook-id"] for got in scene.webhook.inbox.items}) == 1
    # The mail may have been taken in the very instant of the kill: then it comes again, the same.
    assert len({mail.message["Message-ID"] for mail in scene.smtp.inbox.items}) == 1


def test_a_broken_target_and_broken_records_hold_nobody_up(scene: Scene, content: bytes) -> None:
    scene.store_video(content, 11)
    scene.webhook.answers = [500] * 1000
    producer = Producer(producer_config(scene.settings))
    for number in range(100):
        producer.produce(scene.settings.topic_prefix + ALERTS.name, b"rubbish %d" % number)
    assert producer.flush(30) == 0
    with closing(Tail(scene.settings, dead_letters(ALERTS))) as dead, scene.service():
        scene.tell(*(story(number)[0] for number in (11, 12, 13)))
        mails = scene.smtp.inbox.wait_for(3, PATIENCE_S)
        letters = dead.until(seen(100), PATIENCE_S)
    assert len({mail.message["Message-ID"] for mail in mails}) == 3
    bodies = [str(mail.message) for mail in mails]
    assert sum("There is no picture: the video is gone" in body for body in bodies) == 2
    values = {letter.record_value for letter in letters if isinstance(letter, DeadLetter)}
    assert values == {b"rubbish %d" % number for number in range(100)}


def seen(count: int) -> Callable[[Message], bool]:
    """True at the message number `count`."""
    numbers = itertools.count(1)
    return lambda _: next(numbers) == count
