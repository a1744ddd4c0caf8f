"""Targets that hang, drip or are broken, before the service as it runs."""

import itertools
from collections.abc import Callable
from contextlib import closing

import pytest
from confluent_kafka import Producer
from pydantic import SecretStr

from schemas.base import Message
from schemas.deadletters import DeadLetter
from schemas.deliveries import DeliveryAttempted
from schemas.topics import ALERTS, DELIVERIES, dead_letters
from services.chassis.streaming.clients import producer_config
from services.chassis.streaming.tail import Tail
from tests.integration.alerts.scene import PATIENCE_S, Scene, SlowHooks, attempts, story

pytestmark = pytest.mark.integration


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
