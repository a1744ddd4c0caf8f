"""The Faust app of a stateful stream, and its table: Faust as we use it."""

import asyncio
import logging
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import faust

from services.chassis.errors import TransientError
from services.chassis.settings import KafkaSettings, ServiceSettings
from services.chassis.streaming.clients import tls_context
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
    return faust.App(
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

    def __init__(self, app: faust.App, partitions: int) -> None:
        self._table: Any = app.Table(
            "state",
            key_type=bytes,
            value_type=bytes,
            partitions=partitions,
            extra_topic_configs=CHANGELOG,
        )
        self._table.changelog_topic.replicas = REPLICAS_OF_THE_BROKER  # no setting takes it

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

    async def write(self, states: Mapping[Place, bytes | None]) -> None:
        """Return once the changelog is acknowledged; None deletes. Raises TransientError: then
        some are written and some are not.

        Faust's own assignment works within the iteration of a stream only (its issue 497).
        """
        changes = []
        for (number, key), packed in states.items():
            store = self._store(number)
            if packed is None:
                store.delete(key)
            else:
                store.put(key, packed)
            changes.append(self._table.send_changelog(number, key, packed, value_serializer="raw"))
        try:
            await asyncio.gather(*changes)
        except Exception as error:
            raise TransientError(f"Kafka did not take a change of state: {error}") from error

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
