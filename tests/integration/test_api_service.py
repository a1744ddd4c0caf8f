"""The API as one process on real Kafka, S3 and both databases: HTTP in, topics in, HTTP out."""

import contextlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID, uuid4

import httpx
import pytest

from schemas.alerts import AlertClosed
from schemas.topics import ALERTS, DELIVERIES, SCORES, SOURCES, VIDEO_PROGRESS, VIDEOS
from services.api.config import ApiSettings
from services.api.pipeline import PipelineLag
from services.api.service import ApiService, build
from services.chassis.storage.migrations import upgrade
from services.chassis.streaming.consumer import ConsumeLoop
from services.chassis.streaming.handler import Handler
from services.chassis.streaming.kafka import KafkaBroker
from services.chassis.streaming.publisher import KafkaPublisher
from services.chassis.streaming.records import Incoming, Outgoing
from services.chassis.streaming.tail import Tail
from services.local.ports import free_ports
from tests.servers import S3Server
from tests.unit.api.builders import alert, delivered, progressed, scored
from tests.unit.api.test_uploads import MP4
from tests.waiting import wait_until

pytestmark = pytest.mark.integration
PATIENCE_S = 120


@pytest.fixture
def settings(kafka: str, topic_prefix: str, s3: S3Server, database_url: str) -> ApiSettings:
    return ApiSettings(
        kafka_bootstrap=kafka,
        topic_prefix=topic_prefix,
        s3_endpoint=s3.endpoint,
        s3_access_key=s3.access_key,
        s3_secret_key=s3.secret_key,
        database_url=database_url,
        api_port=free_ports(1)[0],
        health_port=0,
    )


@contextmanager
def running(service: ApiService, settings: ApiSettings) -> Iterator[httpx.Client]:
    thread = threading.Thread(target=service.run)
    thread.start()
    with httpx.Client(base_url=f"http://127.0.0.1:{settings.api_port}", trust_env=False) as client:
        try:
            wait_until(lambda: healthy(client), PATIENCE_S)
            yield client
        finally:
            service.stop()
            thread.join(PATIENCE_S)
    assert not thread.is_alive()


def healthy(client: httpx.Client) -> bool:
    try:
        return client.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


def test_from_the_upload_to_the_alert(settings: ApiSettings) -> None:
    submitted = Tail(settings, VIDEOS)
    with running(build(settings), settings) as client:
        answer = client.post("/api/v1/videos", files={"file": ("till.mp4", MP4 * 2000)})
        assert answer.status_code == 202
        video = answer.json()["video_id"]
        [message] = submitted.until(lambda message: message.key == video, PATIENCE_S)
        assert getattr(message, "size_bytes", None) == 2000 * len(MP4)

        publish(settings, UUID(video))
        where = f"/api/v1/videos/{video}"
        wait_until(lambda: client.get(where).json()["state"] == "done", PATIENCE_S)
        told = client.get(f"/api/v1/sources/{video}/timeline").json()
        assert [clip["index"] for clip in told["clips"]] == [0, 1, 2, 3]
        assert [one["state"] for one in told["alerts"]] == ["closed"]
        part = client.get(f"{where}/media", headers={"Range": "bytes=8388600-8388700"})
        assert (part.status_code, len(part.content)) == (206, 101)
        assert part.content == (MP4 * 520)[8388600:8388701]


def publish(settings: ApiSettings, video: UUID) -> None:
    """What ingest, scoring and alerts would tell of a video of four clips."""
    publisher = KafkaPublisher(settings, "test")
    raised = alert(AlertClosed, opening=1, source_id=video)
    told = [
        Outgoing(VIDEO_PROGRESS, progressed("decoded", clip_count=4, video_id=video)),
        *(Outgoing(SCORES, scored(index, 0.7, source_id=video)) for index in range(3)),
        Outgoing(SCORES, scored(3, source_id=video, is_last=True, alerts_opened=1)),
        Outgoing(ALERTS, raised),
        Outgoing(DELIVERIES, delivered(alert_id=raised.alert_id, source_id=video)),
    ]
    for outgoing in told:
        publisher.publish(outgoing)
    publisher.flush()


def test_a_second_process_takes_up_where_the_first_left(settings: ApiSettings) -> None:
    with running(build(settings), settings) as client:
        video = client.post("/api/v1/videos?filename=a.mp4", content=MP4).json()["video_id"]
    publish(settings, UUID(video))
    with running(build(settings), settings) as client:
        wait_until(
            lambda: client.get(f"/api/v1/videos/{video}").json()["state"] == "done", PATIENCE_S
        )


def test_a_removed_video_is_gone_and_stays_gone(settings: ApiSettings) -> None:
    told = Tail(settings, SOURCES)
    with running(build(settings), settings) as client:
        video = client.post("/api/v1/videos?filename=a.mp4", content=MP4).json()["video_id"]
        publish(settings, UUID(video))
        where = f"/api/v1/videos/{video}"
        wait_until(lambda: client.get(where).json()["state"] == "done", PATIENCE_S)
        assert client.delete(where).status_code == 204
        assert client.get(where).status_code == 404
        publish(settings, UUID(video))
        other = client.post("/api/v1/videos?filename=b.mp4", content=MP4).json()["video_id"]
        publish(settings, UUID(other))
        wait_until(
            lambda: client.get(f"/api/v1/videos/{other}").json()["state"] == "done", PATIENCE_S
        )
        assert client.get(where).status_code == 404
    told.until(lambda message: message.key == other, PATIENCE_S)


def test_the_pipeline_is_read_once_every_step_has_read_all(settings: ApiSettings) -> None:
    """Steps at which nobody works count as what waits for them."""
    pipeline = PipelineLag(settings)
    assert pipeline.unread() == 4
    groups = ["features.i3d_k400.bulk", "judging.live.i3d_k400", "episodes.live"]
    with running(build(settings), settings), contextlib.ExitStack() as others:
        for group in groups:
            others.enter_context(reading(settings, group))
        wait_until(lambda: pipeline.unread() == 0, PATIENCE_S)
        publish(settings, uuid4())
        wait_until(lambda: pipeline.unread() == 0, PATIENCE_S)


@contextmanager
def reading(settings: ApiSettings, group: str) -> Iterator[None]:
    """A member of a group that reads scores and does nothing with them."""
    publisher = KafkaPublisher(settings, "test")
    loop = ConsumeLoop(KafkaBroker(settings), group, [SCORES], Idle(), publisher)
    thread = threading.Thread(target=loop.run)
    thread.start()
    try:
        yield
    finally:
        loop.stop()
        thread.join(PATIENCE_S)


class Idle(Handler):
    def handle(self, batch: Sequence[Incoming], cancelled: threading.Event) -> tuple[()]:
        return ()


class Broken:
    """A projector that dies at once."""

    ready = True

    def run(self) -> None:
        raise ZeroDivisionError

    def stop(self) -> None:
        """It is over already."""


def test_without_its_projector_the_process_ends(settings: ApiSettings) -> None:
    upgrade(settings.database_url.get_secret_value())
    service = build(settings)
    service._readers = [Broken(), *service._readers[1:]]
    with pytest.raises(ZeroDivisionError):
        service.run()
