"""Readers of a log on real Kafka that begin with a moment."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from confluent_kafka import Producer

from services.chassis.settings import KafkaSettings
from services.chassis.streaming.clients import producer_config
from services.chassis.streaming.kafka import KafkaBroker

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (timedelta(hours=-1), [b"0", b"1", b"2"]),
        (timedelta(minutes=1), [b"1", b"2"]),
        (timedelta(minutes=2), [b"2"]),
        (timedelta(hours=1), []),
    ],
)
def test_a_reader_begins_with_what_was_written_at_a_moment_or_later(
    kafka: str, new_topic: Callable[..., str], after: timedelta, expected: list[bytes]
) -> None:
    topic = new_topic("in", partitions=3)
    settings = KafkaSettings(kafka_bootstrap=kafka)
    producer = Producer(producer_config(settings))
    began = datetime.now(UTC) - timedelta(hours=3)  # what is old, retention may take away
    for minute in range(3):
        at = began + timedelta(minutes=minute)
        written_ms = round(at.timestamp() * 1000)
        producer.produce(topic, str(minute).encode(), b"key", timestamp=written_ms)
    assert producer.flush(60) == 0
    reader = KafkaBroker(settings).reader(topic, began + after, key=b"key")
    found: list[bytes | None] = []
    while not reader.is_caught_up():
        found += [record.value for record in reader.poll(10, 0.5)]
    reader.close()
    assert found == expected
