"""The alerts service as a process of its own, with all that it talks to."""

import base64
import io
import os
import signal
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from schemas.alerts import AlertClosed, AlertOpened
from schemas.base import Message
from schemas.deliveries import DeliveryAttempted
from schemas.groups import ALERTS as GROUP
from schemas.topics import ALERTS, SOURCES, Topic
from services.alerts.config import AlertsSettings
from services.chassis.storage.s3 import S3Objects
from services.chassis.streaming.broker import Position
from services.chassis.streaming.kafka import KafkaBroker
from services.chassis.streaming.publisher import KafkaPublisher
from services.chassis.streaming.records import Outgoing, Partition
from services.local.receivers import Inbox, SmtpSink, WebhookReceiver
from tests.builders import source
from tests.unit.alerts.room import alert

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
PATIENCE_S = 240


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
