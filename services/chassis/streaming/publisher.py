"""The way onto Kafka: idempotent, murmur2-partitioned, bounded in memory."""

import threading
import time
from collections import Counter
from datetime import datetime
from typing import Any, Protocol

from confluent_kafka import KafkaError, KafkaException, Producer

from schemas.base import Message
from schemas.codec import encode
from schemas.topics import Topic
from services.chassis.clock import Clock, SystemClock
from services.chassis.errors import InvalidMessage
from services.chassis.settings import KafkaSettings
from services.chassis.streaming.clients import Complaints, producer_config, unreachable
from services.chassis.streaming.headers import headers_for, tombstone_headers
from services.chassis.streaming.records import Outgoing, Verbatim
from services.chassis.telemetry import metrics

ACKNOWLEDGED_WITHIN_S = 130.0
PURGED_WITHIN_S = 1.0
SERVED_EVERY_BYTES = 2**20
"""A message keeps its memory until its acknowledgement is served. To serve hands the interpreter to
another thread, which costs more than a small message.
"""
ERRORS_ALONE = {"delivery.report.only.error": True}
"""That all else was acknowledged is known from `flush`."""
TOO_LARGE = (KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.INVALID_MSG_SIZE)


class Publisher(Protocol):
    """The methods raise InvalidMessage for what is larger than its topic takes."""

    def publish(self, *outgoing: Outgoing) -> None:
        """Hand over messages, in this order; they may still be under way when this returns."""

    def publish_verbatim(self, record: Verbatim) -> None:
        """As `publish`, of bytes that nobody looks into."""

    def flush(self) -> None:
        """Return once all messages handed over are acknowledged; else raise TransientError."""


def payload(outgoing: Outgoing) -> bytes | None:
    """The record's value; None is a tombstone. Raises InvalidMessage when it is too large."""
    if outgoing.message is None:
        return None
    value = encode(outgoing.message)
    most = outgoing.topic.max_message_bytes
    if len(value) > most:
        raise too_large(outgoing.topic, len(value))
    return value


def packed(outgoing: Outgoing, source: str, now: datetime) -> Verbatim:
    """The whole record of a message of service `source`. Raises InvalidMessage as `payload`."""
    value = payload(outgoing)
    if outgoing.message is None:
        headers = tombstone_headers(outgoing, source, now)
    else:
        headers = headers_for(outgoing.message, source, now, outgoing.parent, value)
    return Verbatim(outgoing.topic, outgoing.record_key, value, headers)


def too_large(topic: Topic, size_bytes: int) -> InvalidMessage:
    return InvalidMessage(
        f"a message of {size_bytes / 2**20:.1f} MiB is more than {topic.name} takes "
        f"({topic.max_message_bytes / 2**20:g} MiB)"
    )


class KafkaPublisher:
    """Order is kept per key. A full local queue blocks `publish`: that is the backpressure.

    What is not acknowledged `within_s` is given up: it may have arrived, but comes no more after
    `flush` raised.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        source: str,
        clock: Clock | None = None,
        within_s: float = ACKNOWLEDGED_WITHIN_S,
    ) -> None:
        self._settings, self._source, self._within_s = settings, source, within_s
        self._complaints = Complaints("producer")
        self._producer = Producer(
            {**producer_config(settings, within_s), **ERRORS_ALONE, "error_cb": self._complaints}
        )
        self._clock = clock or SystemClock()
        self._failure: KafkaError | None = None
        self._too_large: InvalidMessage | None = None
        self._unserved_bytes = 0
        self._under_way: Counter[str] = Counter()

    def publish(self, *outgoing: Outgoing) -> None:
        """All are encoded first: librdkafka lets go of the interpreter at every message, which
        costs more where something else is done in between.
        """
        now = self._clock.now()
        for record in [packed(one, self._source, now) for one in outgoing]:
            self._produce(record)

    def publish_verbatim(self, record: Verbatim) -> None:
        if len(record.value or b"") > record.topic.max_message_bytes:
            raise too_large(record.topic, len(record.value or b""))
        self._produce(record)

    def _produce(self, record: Verbatim) -> None:
        topic = self._settings.topic_prefix + record.topic.name
        headers: Any = list(record.headers.items())
        deadline = time.monotonic() + self._within_s
        while True:
            try:
                self._producer.produce(
                    topic, record.value, record.key, on_delivery=self._failed, headers=headers
                )
                self._under_way[topic] += 1
                self._serve(len(record.value or b""))
                return
            except BufferError as error:
                self._producer.poll(0.5)
                if time.monotonic() > deadline:
                    raise unreachable(self._settings, error, self._complaints) from None
            except KafkaException as error:
                if error.args[0].code() in TOO_LARGE:
                    raise too_large(record.topic, len(record.value or b"")) from error
                raise unreachable(self._settings, error, self._complaints) from error

    def _serve(self, more_bytes: int) -> None:
        self._unserved_bytes += more_bytes
        if self._unserved_bytes >= SERVED_EVERY_BYTES:
            self._unserved_bytes = 0
            self._producer.poll(0)

    def flush(self) -> None:
        left = self._producer.flush(self._within_s)
        if left:
            self._producer.purge()
            self._producer.flush(PURGED_WITHIN_S)
        failure, self._failure = self._failure, None
        refused, self._too_large = self._too_large, None
        handed, self._under_way = self._under_way, Counter()
        if left:
            error = TimeoutError(f"{left} messages are not acknowledged")
            raise unreachable(self._settings, error, self._complaints)
        if failure:
            raise unreachable(self._settings, KafkaException(failure), self._complaints)
        if refused:
            raise refused
        for topic, count in handed.items():
            metrics.count("records_produced", topic, count)

    def _failed(self, error: KafkaError | None, message: Any) -> None:
        if error is None:
            return
        if error.code() in TOO_LARGE:
            self._too_large = InvalidMessage(
                f"{message.topic()} refuses a message of {len(message.value() or b'')} bytes: "
                f"{error.str()}"
            )
        else:
            self._failure = error


class MemoryPublisher:
    """The fake: keeps what was published, acknowledged at once."""

    def __init__(self) -> None:
        self.published: list[Outgoing] = []
        self.verbatim: list[Verbatim] = []

    def publish(self, *outgoing: Outgoing) -> None:
        for one in outgoing:
            payload(one)
            self.published.append(one)

    def publish_verbatim(self, record: Verbatim) -> None:
        self.verbatim.append(record)

    def flush(self) -> None:
        """Nothing is ever under way."""

    def messages(self, topic: Topic) -> list[Message]:
        """What was published on a topic, in order; tombstones are left out."""
        return [
            item.message
            for item in self.published
            if item.topic == topic and item.message is not None
        ]


class Publishing:
    """Safe between threads: one at a time, since `flush` speaks for all that is under way."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._turn = threading.Lock()

    def publish(self, *outgoing: Outgoing) -> None:
        """Returns once Kafka has them all, in this order. Raises TransientError."""
        with self._turn:
            self._publisher.publish(*outgoing)
            self._publisher.flush()

    def publish_verbatim(self, record: Verbatim) -> None:
        """As `publish`."""
        with self._turn:
            self._publisher.publish_verbatim(record)
            self._publisher.flush()
