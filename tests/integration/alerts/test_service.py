"""The alerts service as a process, on real Kafka, S3, SMTP and HTTP: kill -9, and sent once."""

import base64
import io
import itertools
import json
import os
import signal
import socketserver
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import trustme
from confluent_kafka import Producer
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook

from schemas.alerts import AlertClosed, AlertOpened
from schemas.base import Message
from schemas.deadletters import DeadLetter
from schemas.deliveries import DeliveryAttempted
from schemas.groups import ALERTS as GROUP
from schemas.ids import evidence_key, snapshot_key
from schemas.topics import ALERTS, DELIVERIES, SOURCES, Topic, dead_letters
from services.alerts.config import AlertsSettings
from services.chassis.media.recording import open_recording
from services.chassis.storage.objects import ObjectMissing, ObjectStore
from services.chassis.storage.s3 import S3Objects
from services.chassis.streaming.broker import Position
from services.chassis.streaming.clients import producer_config
from services.chassis.streaming.kafka import KafkaBroker
from services.chassis.streaming.publisher import KafkaPublisher
from services.chassis.streaming.records import Outgoing, Partition
from services.chassis.streaming.tail import Tail
from services.local.receivers import Inbox, SmtpSink, WebhookReceiver
from tests.builders import source
from tests.servers import S3Server
from tests.unit.alerts.room import alert, configured, read_time, video
from tests.waiting import wait_until

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

    def publish(self, topic: Topic, *messages: Message) -> None:
        publisher = KafkaPublisher(self.settings, "scoring")
        for message in messages:
            publisher.publish(Outgoing(topic, message))
        publisher.flush()

    def remove(self, number: int) -> None:
        publisher = KafkaPublisher(self.settings, "api")
        publisher.publish(Outgoing(SOURCES, None, key=str(source(number))))
        publisher.flush()

    def store_video(self, content: bytes, number: int) -> None:
        key = f"videos/{source(number)}/original"
        S3Objects.connect(self.settings).put(key, io.BytesIO(content), "video/mp4")

    def rewind(self) -> None:
        """Let the group read the whole topic again, as after a loss of its offsets."""
        consumer = KafkaBroker(self.settings).consumer(GROUP)
        name = self.settings.topic_prefix + ALERTS.name
        reader = KafkaBroker(self.settings).reader(ALERTS.name, "first")
        first = {Partition(name, part.number): Position(0) for part in reader.ends}
        consumer.commit_now(first)
        consumer.close()
        reader.close()


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


def delivered(number: int) -> Callable[[Message], bool]:
    """Whether both channels have delivered the alert of that source."""
    by: set[str] = set()

    def is_last(message: Message) -> bool:
        if isinstance(message, DeliveryAttempted) and message.outcome == "delivered":
            by.update([message.channel] * (message.source_id == source(number)))
        return by == {"email", "webhook"}

    return is_last


def story(number: int) -> tuple[AlertOpened, AlertClosed]:
    """An alert that was cut just now, and its end."""
    fields: dict[str, Any] = {"source_id": source(number), "cut_at": datetime.now(UTC)}
    return alert(**fields), alert(AlertClosed, end_s=9.0, peak_s=8.0, **fields)


def attempts(events: list[Message], channel: str) -> list[DeliveryAttempted]:
    return [
        event
        for event in events
        if isinstance(event, DeliveryAttempted) and event.channel == channel
    ]


def test_an_alert_goes_out_by_mail_and_webhook_and_evidence_follows(
    scene: Scene, content: bytes
) -> None:
    scene.store_video(content, 1)
    scene.publish(SOURCES, configured(source(1), "1호점 출입구.mp4"))
    scene.webhook.answers = [503, 500]
    opened, closed = story(1)
    with closing(Tail(scene.settings, DELIVERIES)) as tail, scene.service():
        scene.publish(ALERTS, opened)
        events = tail.until(delivered(1), PATIENCE_S)
        scene.publish(ALERTS, closed)
        (mail,) = scene.smtp.inbox.wait_for(1)
        hooks = scene.webhook.inbox.wait_for(3)
        store = S3Objects.connect(scene.settings)
        wait_until(lambda: cut_length(store, opened.alert_id) > 13, PATIENCE_S)
    assert "fight: 1호점 출입구.mp4" in mail.message["Subject"]
    assert len({got.headers["webhook-id"] for got in hooks}) == 1
    for got in hooks:
        Webhook(SECRET).verify(got.body, got.headers)
    assert [event.outcome for event in attempts(events, "webhook")] == [
        "retrying",
        "retrying",
        "delivered",
    ]
    assert store.stat(snapshot_key(opened.alert_id)).content_type == "image/jpeg"
    assert store.stat(evidence_key(opened.alert_id)).content_type == "video/mp4"


def cut_length(store: ObjectStore, alert_id: UUID) -> float:
    """Seconds of the evidence as it lies there, by what its last picture shows; 0 without it."""
    try:
        content = store.get(evidence_key(alert_id))
    except ObjectMissing:
        return 0.0
    with open_recording(io.BytesIO(content)) as recording:
        return read_time(recording.at(999))


def test_when_the_topic_is_read_again_nobody_hears_of_it_twice(
    scene: Scene, content: bytes
) -> None:
    for number in (1, 2):
        scene.store_video(content, number)
    with closing(Tail(scene.settings, DELIVERIES)) as tail:
        with scene.service() as process:
            scene.publish(ALERTS, *story(1))
            tail.until(delivered(1), PATIENCE_S)
            process.terminate()
            assert process.wait(120) == 0
        scene.rewind()
        with scene.service():
            scene.publish(ALERTS, *story(2))
            tail.until(delivered(2), PATIENCE_S)
    assert len(scene.smtp.inbox.items) == 2
    assert len(scene.webhook.inbox.items) == 2


def test_a_retry_survives_kill_minus_nine(scene: Scene, content: bytes) -> None:
    scene.store_video(content, 1)
    scene.webhook.answers = [503] * 2
    with closing(Tail(scene.settings, DELIVERIES)) as tail:
        with scene.service():
            scene.publish(ALERTS, *story(1))
            scene.webhook.inbox.wait_for(1, PATIENCE_S)
            scene.smtp.inbox.wait_for(1, PATIENCE_S)
        with scene.service():
            events = tail.until(delivered(1), PATIENCE_S)
    assert attempts(events, "webhook")[-1].attempt >= 3
    assert len({got.headers["webhook-id"] for got in scene.webhook.inbox.items}) == 1
    # The mail may have been taken in the very instant of the kill: then it comes again, the same.
    assert len({mail.message["Message-ID"] for mail in scene.smtp.inbox.items}) == 1


def test_a_second_worker_sends_nothing_that_the_first_has_at_work(scene: Scene) -> None:
    """The first waits for an answer while the second starts, and long after."""
    with SlowHooks() as slow, closing(Tail(scene.settings, DELIVERIES)) as tail:
        scene.settings = scene.settings.model_copy(
            update={
                "webhook_url": SecretStr(f"{slow.url}/hang/hunter2"),
                "delivery_deadline_s": 60.0,
                "mail_picture_wait_s": 0.0,
            }
        )
        with scene.service():
            scene.publish(ALERTS, story(1)[0])
            slow.inbox.wait_for(1, PATIENCE_S)
            with scene.service():
                scene.publish(ALERTS, story(2)[0])
                scene.smtp.inbox.wait_for(2, PATIENCE_S)
                assert slow.inbox.items == ["/hang/hunter2"]
                slow.release.set()
                tail.until(delivered(2), PATIENCE_S)
    assert len(slow.inbox.items) == 2
    assert len(scene.smtp.inbox.items) == 2
    assert "hunter2" not in (scene.folder / "alerts.log").read_text()


def test_targets_that_drip_or_hang_hold_nobody_up(scene: Scene) -> None:
    """Three hang, one drips for ever; the healthy one hears of every alert, in its order."""
    with SlowHooks() as slow:
        paths = ("hang?1", "hang?2", "hang?3", "drip", "ok")
        urls = ",".join(f"{slow.url}/{path}" for path in paths)
        scene.settings = scene.settings.model_copy(
            update={"webhook_url": SecretStr(urls), "delivery_deadline_s": 2.0}
        )
        alerts = [story(number)[0] for number in range(10)]
        with closing(Tail(scene.settings, DELIVERIES)) as tail, scene.service():
            scene.publish(ALERTS, *alerts)
            slow.wait_for_path("/ok", len(alerts))
            events = tail.until(hung_attempts(5), PATIENCE_S)
    assert slow.inbox.items.count("/ok") == len(alerts)
    details = {event.detail for event in attempts(events, "webhook")}
    late = {"the attempt was not over within 2 s", "no answer in time"}  # whichever notices first
    assert {"HTTP 200"} < details <= {"HTTP 200", *late}


def hung_attempts(count: int) -> Callable[[Message], bool]:
    numbers = itertools.count(1)

    def is_last(message: Message) -> bool:
        hung = isinstance(message, DeliveryAttempted) and "not over within" in message.detail
        return hung and next(numbers) == count

    return is_last


def test_a_removed_source_loses_what_waits_and_its_evidence(scene: Scene, content: bytes) -> None:
    scene.store_video(content, 1)
    scene.publish(SOURCES, configured(source(1)))
    scene.webhook.answers = [503] * 1000
    opened, _ = story(1)
    store = S3Objects.connect(scene.settings)
    with scene.service():
        scene.publish(ALERTS, opened)
        scene.webhook.inbox.wait_for(1, PATIENCE_S)
        wait_until(lambda: cut_length(store, opened.alert_id) > 0, PATIENCE_S)
        scene.remove(1)
        wait_until(lambda: not list(store.list(f"alerts/{opened.alert_id}/")), PATIENCE_S)
        tried = len(scene.webhook.inbox.items)
        scene.publish(ALERTS, story(2)[0])
        hooks = scene.webhook.inbox.wait_for(tried + 1, PATIENCE_S)
    later = [json.loads(got.body)["data"]["source_id"] for got in hooks[tried + 1 :]]
    assert str(source(1)) not in later


def test_a_broken_target_and_broken_records_hold_nobody_up(scene: Scene, content: bytes) -> None:
    scene.store_video(content, 11)
    scene.webhook.answers = [500] * 1000
    producer = Producer(producer_config(scene.settings))
    for number in range(100):
        producer.produce(scene.settings.topic_prefix + ALERTS.name, b"rubbish %d" % number)
    assert producer.flush(30) == 0
    with closing(Tail(scene.settings, dead_letters(ALERTS))) as dead, scene.service():
        scene.publish(ALERTS, *(story(number)[0] for number in (11, 12, 13)))
        mails = scene.smtp.inbox.wait_for(3, PATIENCE_S)
        letters = dead.until(seen(100), PATIENCE_S)
    assert len({mail.message["Message-ID"] for mail in mails}) == 3
    values = {letter.record_value for letter in letters if isinstance(letter, DeadLetter)}
    assert values == {b"rubbish %d" % number for number in range(100)}


def seen(count: int) -> Callable[[Message], bool]:
    """True at the message number `count`."""
    numbers = itertools.count(1)
    return lambda _: next(numbers) == count


class SlowHooks(socketserver.ThreadingTCPServer):
    """A receiver of webhooks that answers /ok, never ends its answer to /drip, and lets /hang wait
    until `release` is set. `inbox` holds the paths, as they come.
    """

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _SlowHook)
        self.inbox: Inbox[str] = Inbox()
        self.release, self.over = threading.Event(), threading.Event()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def wait_for_path(self, path: str, count: int) -> None:
        arrived = 0
        while self.inbox.items.count(path) < count:
            arrived = len(self.inbox.wait_for(arrived + 1, PATIENCE_S))

    def __enter__(self) -> "SlowHooks":
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release.set()
        self.over.set()
        self.shutdown()
        self.server_close()


class _SlowHook(socketserver.StreamRequestHandler):
    server: SlowHooks

    def handle(self) -> None:
        with suppress(OSError):
            path, size = self.rfile.readline().split()[1].decode(), 0
            while line := self.rfile.readline().strip():
                name, _, value = line.partition(b":")
                size = int(value) if name.lower() == b"content-length" else size
            self.rfile.read(size)
            self.server.inbox.put(path)
            self._answer(path)

    def _answer(self, path: str) -> None:
        if path.startswith("/hang"):
            self.server.release.wait()
        if path.startswith("/drip"):
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
            while not self.server.over.wait(0.2):
                self.wfile.write(b"a")
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
