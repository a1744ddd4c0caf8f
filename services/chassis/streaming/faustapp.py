"""The Faust app of a stateful stream, and its table: Faust as we use it."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import faust
from confluent_kafka import KafkaError, Producer
from faust.types import TP

from services.chassis.errors import TransientError
from services.chassis.settings import KafkaSettings, ServiceSettings
from services.chassis.streaming.clients import producer_config, tls_context
from services.chassis.streaming.faustdriver import Transport
from services.chassis.streaming.publisher import ACKNOWLEDGED_WITHIN_S
from services.chassis.streaming.records import Partition, Record
from services.chassis.streaming.stepping import Place

CHANGELOG = {"segment.bytes": str(32 * 1024 * 1024)}
"""Only closed segments are compacted, and every write is a whole state."""
REPLICAS_OF_THE_BROKER = -1
for noisy in ("faust.agents.actor", "mode.timers", "aiokafka"):
    logging.getLogger(noisy).setLevel(logging.CRITICAL)  # a stop is no crash, a retry no error


def build_app(settings: ServiceSettings, group: str) -> faust.App:
    """A Faust app that does only what we ask of it: no web server, no leader, no reply topic."""
    name = settings.topic_prefix + group
    directory = Path(settings.state_dir).resolve() / "faust" / name
    directory.mkdir(parents=True, exist_ok=True)
    brokers = [f"kafka://{one.strip()}" for one in settings.kafka_bootstrap.split(",")]
    app = faust.App(
        name,
        broker=";".join(brokers),
        broker_credentials=_credentials(settings),
        broker_client_id=f"{settings.kafka_client_id}-stream",
        store="rocksdb://",
        datadir=str(directory),
        key_serializer="raw",
        value_serializer="raw",
        autodiscover=False,
        web_enabled=False,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
        stream_wait_empty=True,  # a rebalance waits for the batch at work: no write is overtaken
        broker_commit_interval=1.0,
        broker_session_timeout=10.0,
        broker_heartbeat_interval=2.0,
        reply_create_topic=False,
    )
    app.transport = Transport(app.conf.broker_consumer, app)
    return app


def _credentials(settings: KafkaSettings) -> Any:
    """The same security as every other client's; None is plain text."""
    context = tls_context(settings)
    if settings.uses_sasl:
        return faust.SASLCredentials(
            username=settings.kafka_username,
            password=settings.kafka_password.get_secret_value(),
            mechanism=settings.kafka_sasl_mechanism,
            ssl_context=context,
        )
    return faust.SSLCredentials(context) if context else None


class Table:
    """States by partition and key: in rocksdb, and on a changelog topic for whoever takes over."""

    def __init__(self, app: faust.App, settings: KafkaSettings, partitions: int) -> None:
        self._table: Any = app.Table(
            "state",
            key_type=bytes,
            value_type=bytes,
            partitions=partitions,
            extra_topic_configs=CHANGELOG,
        )
        self._table.changelog_topic.replicas = REPLICAS_OF_THE_BROKER  # no setting takes it
        self._changelog: str = self._table.changelog_topic.get_topic_name()
        self._producer = Producer(producer_config(settings))
        self._failure: KafkaError | None = None

    def read(self, place: Place) -> bytes | None:
        number, key = place
        packed: bytes | None = self._store(number).get(key)
        return packed

    def places(self, numbers: Iterable[int]) -> Iterator[Place]:
        """Of all states in these partitions."""
        offset_key = self._table.data.offset_key
        for number in numbers:
            for key in self._store(number).keys():  # noqa: SIM118 - rocksdict's, not a dict's
                if key != offset_key:
                    yield number, key

    def write(self, states: Mapping[Place, bytes | None]) -> None:
        """Return once the changelog is acknowledged; None deletes. Raises TransientError: then
        some are written and some are not.

        Not by Faust's own assignment, which works within the iteration of a stream only (its issue
        497) and costs a round of its loop a key.
        """
        sent: dict[int, int] = {}
        for (number, key), packed in states.items():
            store = self._store(number)
            if packed is None:
                store.delete(key)
            else:
                store.put(key, packed)
            self._send(number, key, packed, sent)
        left = self._producer.flush(ACKNOWLEDGED_WITHIN_S)
        failure, self._failure = self._failure, None
        if left or failure:
            reason = failure.str() if failure else f"{left} are under way"
            raise TransientError(f"Kafka did not acknowledge changes of state: {reason}")
        for number, offset in sent.items():
            self._table.data.set_persisted_offset(TP(self._changelog, number), offset)

    def _send(self, number: int, key: bytes, packed: bytes | None, sent: dict[int, int]) -> None:
        """`sent` gets the last offset of each partition, once it is acknowledged."""

        def delivered(error: KafkaError | None, message: Any) -> None:
            if error is not None:
                self._failure = error
            else:
                sent[number] = max(sent.get(number, -1), message.offset())

        while True:
            try:
                self._producer.produce(
                    self._changelog, packed, key, partition=number, on_delivery=delivered
                )
                return
            except BufferError:
                self._producer.poll(0.5)

    def _store(self, number: int) -> Any:
        return self._table.data._db_for_partition(number)


def to_record(message: Any) -> Record:
    """Our record of Faust's message."""
    headers = message.headers or {}
    pairs = headers.items() if hasattr(headers, "items") else headers
    return Record(
        Partition(message.topic, message.partition),
        message.offset,
        message.key,
        message.value,
        dict(pairs),
    )
