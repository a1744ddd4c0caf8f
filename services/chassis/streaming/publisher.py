"""The way onto Kafka: idempotent, murmur2-partitioned, bounded in memory."""

import time
from typing import Any, Protocol

from confluent_kafka import KafkaError, KafkaException, Producer

from schemas.base import Message
from schemas.codec import encode
from schemas.topics import MIB, Topic
from services.chassis.clock import Clock, SystemClock
from services.chassis.errors import TransientError
from services.chassis.settings import ServiceSettings
from services.chassis.streaming.complaints import quiet
from services.chassis.streaming.headers import headers_for
from services.chassis.streaming.records import Headers, Outgoing
from services.chassis.telemetry import metrics


class Publisher(Protocol):
    def publish(self, outgoing: Outgoing) -> None:
        """Hand over one message; it may still be under way when this returns."""

    def flush(self) -> None:
        """Return once all messages handed over are acknowledged; else raise TransientError."""


def producer_config(settings: ServiceSettings) -> dict[str, Any]:
    """librdkafka's settings. Its default partitioner is not the one of Java and aiokafka."""
    return {
        "bootstrap.servers": settings.kafka_bootstrap,
        "partitioner": "murmur2_random",
        "enable.idempotence": True,
        "message.max.bytes": 17 * MIB,
        "queue.buffering.max.kbytes": 64 * 1024,
        "delivery.timeout.ms": 120_000,
        "linger.ms": 5,
        "reconnect.backoff.max.ms": 2_000,
        **quiet("producer"),
    }


class KafkaPublisher:
    """Order is kept per key. A full local queue blocks `publish`: that is the backpressure."""

    def __init__(self, settings: ServiceSettings, source: str, clock: Clock | None = None) -> None:
        self._producer = Producer(producer_config(settings))
        self._prefix, self._source = settings.topic_prefix, source
        self._clock = clock or SystemClock()
        self._failure: KafkaError | None = None

    def publish(self, outgoing: Outgoing) -> None:
        self.send(outgoing.topic.name, outgoing.message, outgoing.parent)

    def send(self, topic_name: str, message: Message, parent: Headers) -> None:
        headers = headers_for(message, self._source, self._clock.now(), parent)
        self._produce(
            self._prefix + topic_name, message.key.encode(), encode(message), list(headers.items())
        )

    def _produce(self, topic: str, key: bytes, value: bytes, headers: Any) -> None:
        deadline = time.monotonic() + 120
        while True:
            try:
                self._producer.produce(topic, value, key, on_delivery=self._told, headers=headers)
                self._producer.poll(0)
                return
            except BufferError:
                self._producer.poll(0.5)
                if time.monotonic() > deadline:
                    raise TransientError("Kafka accepts no messages: local queue full") from None
            except KafkaException as error:
                raise TransientError(f"Kafka: {error}") from error

    def flush(self) -> None:
        left = self._producer.flush(130)
        failure, self._failure = self._failure, None
        if left or failure:
            raise TransientError(f"Kafka did not acknowledge: {failure or f'{left} under way'}")

    def _told(self, error: KafkaError | None, message: Any) -> None:
        if error is not None:
            self._failure = error
        else:
            metrics.count("records_produced", message.topic())


class MemoryPublisher:
    """The fake: keeps what was published, acknowledged at once."""

    def __init__(self) -> None:
        self.published: list[Outgoing] = []

    def publish(self, outgoing: Outgoing) -> None:
        self.published.append(outgoing)

    def flush(self) -> None:
        """Nothing is ever under way."""

    def messages(self, topic: Topic) -> list[Message]:
        return [item.message for item in self.published if item.topic == topic]
