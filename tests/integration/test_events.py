"""Events of a real API on real Kafka: none lost and none twice through a restart."""

import threading
from typing import Any

import httpx
import pytest

from schemas.topics import ALERTS
from services.api.config import ApiSettings
from services.api.service import build
from services.chassis.streaming.publisher import KafkaPublisher
from services.chassis.streaming.records import Outgoing
from services.cli.client import Client
from services.local.ports import free_ports
from tests.integration.test_api_service import running
from tests.servers import S3Server
from tests.unit.api.test_events import raised
from tests.waiting import wait_until

pytestmark = pytest.mark.integration


@pytest.fixture
def settings(
    kafka: str, topic_prefix: str, s3: S3Server, tmp_path_factory: pytest.TempPathFactory
) -> ApiSettings:
    return ApiSettings(
        kafka_bootstrap=kafka,
        topic_prefix=topic_prefix,
        s3_endpoint=s3.endpoint,
        s3_access_key=s3.access_key,
        s3_secret_key=s3.secret_key,
        database_url=f"sqlite:///{tmp_path_factory.mktemp('events') / 'api.db'}",
        api_port=free_ports(1)[0],
        health_port=0,
    )


class Follower:
    """What a third party does: reads, and comes back with its latest id."""

    def __init__(self, settings: ApiSettings) -> None:
        self._client = Client(f"http://127.0.0.1:{settings.api_port}")
        self._stopping = threading.Event()
        self.names: list[str] = []
        self.alerts: list[str] = []
        self._latest = ""
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(120)

    def _run(self) -> None:
        while not self._stopping.wait(0.1):
            try:
                self._read()
            except httpx.HTTPError:
                continue

    def _read(self) -> None:
        for event in self._client.events("alerts", self._latest):
            self._latest = event["id"]
            self.names.append(event.get("event", ""))
            if "alert_id" in event.get("data", ""):
                self.alerts.append(event["data"].split('"alert_id":"')[1][:36])
            if self._stopping.is_set():
                return


def publish(settings: ApiSettings, numbers: range) -> list[Any]:
    publisher = KafkaPublisher(settings, "test")
    messages = [raised(number) for number in numbers]
    for message in messages:
        publisher.publish(Outgoing(ALERTS, message))
    publisher.flush()
    return messages


def test_a_follower_misses_nothing_through_a_restart(settings: ApiSettings) -> None:
    told: list[Any] = []
    with running(build(settings), settings):
        follower = Follower(settings)
        wait_until(lambda: "ready" in follower.names)
        told += publish(settings, range(20))
        wait_until(lambda: len(follower.alerts) == 20)
        told += publish(settings, range(20, 30))
    told += publish(settings, range(30, 50))  # nobody serves
    with running(build(settings), settings):
        told += publish(settings, range(50, 60))
        wait_until(lambda: len(follower.alerts) >= 60)
        follower.stop()
    assert sorted(follower.alerts) == sorted(str(message.alert_id) for message in told)
    assert "gap" not in follower.names
