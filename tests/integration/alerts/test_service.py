"""The alerts service as a process, on real Kafka, S3, SMTP and HTTP: kill -9, and sent once."""

import io
import json
from collections.abc import Callable
from contextlib import closing
from uuid import UUID

import pytest
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook

from schemas.base import Message
from schemas.deliveries import DeliveryAttempted
from schemas.ids import evidence_key, snapshot_key
from schemas.topics import ALERTS, DELIVERIES, SOURCES
from services.chassis.media.recording import open_recording
from services.chassis.storage.objects import ObjectMissing, ObjectStore
from services.chassis.storage.s3 import S3Objects
from services.chassis.streaming.tail import Tail
from tests.builders import source
from tests.integration.alerts.scene import PATIENCE_S, SECRET, Scene, SlowHooks, attempts, story
from tests.unit.alerts.room import configured, read_time
from tests.waiting import wait_until

pytestmark = pytest.mark.integration


def delivered(number: int) -> Callable[[Message], bool]:
    """Whether both channels have delivered the alert of that source."""
    by: set[str] = set()

    def is_last(message: Message) -> bool:
        if isinstance(message, DeliveryAttempted) and message.outcome == "delivered":
            by.update([message.channel] * (message.source_id == source(number)))
        return by == {"email", "webhook"}

    return is_last


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
