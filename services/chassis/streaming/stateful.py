"""The stateful stream: a Faust app around one pure step, with its state in a rocksdb table.

Faust acknowledges a record whose agent raised and goes on, so this shell guards every record:
what is invalid goes to the dead letters, a transient failure is retried, anything else ends the
process at once with nothing acknowledged. Per record the order is: outputs acknowledged by Kafka,
then one table write, flushed, then Faust may commit. After kill -9 a record is at worst taken
again with the state before or after it; the step must give the same outputs for both.
"""

import asyncio
import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol, cast

import faust

from schemas.base import Message
from schemas.codec import DecodeError, decode
from schemas.topics import Topic
from services.chassis.clock import SystemClock
from services.chassis.errors import InvalidMessage, TransientError
from services.chassis.settings import ServiceSettings
from services.chassis.streaming.deadletters import DeadLetterCount, DeadLetterLimit, dead_letter
from services.chassis.streaming.kafka import KafkaConsumer
from services.chassis.streaming.publisher import Publisher
from services.chassis.streaming.records import Outgoing, Partition, Record
from services.chassis.streaming.sequence import Sequence
from services.chassis.streaming.stall import ConsumerStalled, StallWatch
from services.chassis.telemetry import logs, metrics

log = logs.get("stateful")
STUCK_AFTER_S = 60.0
CHANGELOG = {"segment.bytes": str(32 * 1024 * 1024)}
"""Only closed segments are compacted, and every record writes a whole state."""
for noisy in ("faust.agents.actor", "mode.timers", "aiokafka"):
    logging.getLogger(noisy).setLevel(logging.CRITICAL)  # a stop is no crash, a retry no error


class Step(Protocol):
    """The pure part. Keys and states are bytes; None is the state of a key never seen."""

    def key(self, message: Message) -> bytes: ...

    def __call__(
        self, state: bytes | None, record: Record, message: Message
    ) -> tuple[bytes, Iterable[Outgoing]]:
        """Raises InvalidMessage for a record that cannot be used."""


class StatefulStream:
    """One consumer group member over `topic`, run by Faust. A Runnable."""

    def __init__(
        self, settings: ServiceSettings, group: str, topic: Topic, step: Step, publisher: Publisher
    ) -> None:
        self._topic, self._step, self._publisher, self._group = topic, step, publisher, group
        self._clock = SystemClock()
        self._letters = DeadLetterCount(DeadLetterLimit())
        self._view = KafkaConsumer(settings, group)
        self._sequence = Sequence(self._start_of)
        self._own: list[Partition] = []
        self._stall = StallWatch(self._committed, self._view.bounds)
        self._app = build_app(settings, group)
        self._source = self._app.topic(
            settings.topic_prefix + topic.name, key_type=bytes, value_type=bytes
        )
        self._table = self._app.Table(
            "state",
            key_type=bytes,
            value_type=bytes,
            partitions=settings.kafka_partitions,
            extra_topic_configs=CHANGELOG,
        )
        self._app.agent(self._source, name="guard")(self._agent)
        self._app.on_partitions_assigned.connect(self._on_assigned, weak=False)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._started = self._ready = self._stopping = False

    def _committed(self) -> dict[Partition, int]:
        return {one: place.offset for one, place in self._view.committed(self._own).items()}

    def _start_of(self, partition: Partition) -> int:
        place = self._view.committed([partition]).get(partition)
        return max(place.offset if place else 0, self._view.bounds(partition).first)

    @property
    def ready(self) -> bool:
        """Partitions are assigned and the table has caught up with its changelog."""
        return self._ready and not self._stopping

    def run(self) -> None:
        asyncio.run(self._run())

    def stop(self) -> None:
        self._stopping = True
        if self._loop:
            self._loop.call_soon_threadsafe(lambda: asyncio.ensure_future(self._app.stop()))

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        if self._stopping:
            return
        watch = asyncio.create_task(self._watch())
        await self._app.start()
        self._started = True
        await self._app.wait_until_stopped()
        watch.cancel()
        if self._app.crash_reason and not self._stopping:
            raise self._app.crash_reason

    async def _watch(self) -> None:
        """Keep `ready` true to the facts. A start, rebalance or recovery that never ends is cured
        by a new process.
        """
        ready_at = self._loop_time()
        while not self._stopping:
            await self._check_stall()
            self._ready = self._started and self._consuming()
            if self._ready:
                ready_at = self._loop_time()
            elif self._loop_time() - ready_at > STUCK_AFTER_S:
                log.error("not ready for too long, ending to be started again")
                os._exit(75)
            await asyncio.sleep(0.2)

    async def _check_stall(self) -> None:
        """A record that Faust lost at the end of the log is followed by none that would show it."""
        try:
            await asyncio.to_thread(self._stall.check)
        except ConsumerStalled as error:
            log.warning("stalled, ending to be started again", reason=str(error))
            os._exit(75)

    def _consuming(self) -> bool:
        """Only for the loop's own thread, after the start: Faust makes its consumer when it is
        first asked for, and asked too early it makes one that never starts.
        """
        assignment = self._app.consumer.assignment()
        self._own = [
            Partition(one.topic, one.partition)
            for one in assignment
            if one.topic == self._source.get_topic_name()
        ]
        return bool(
            assignment
            and not self._app.rebalancing
            and not cast(Any, self._app.tables).recovery.in_recovery
        )

    @staticmethod
    def _loop_time() -> float:
        return asyncio.get_running_loop().time()

    async def _on_assigned(self, *_: Any, **__: Any) -> None:
        self._sequence.begin_anew()

    async def _agent(self, stream: Any) -> None:
        async for event in stream.events():
            try:
                record = _record(event.message)
                self._stall.heard()
                await asyncio.to_thread(self._sequence.take, record)
                await self._take(record)
            except BaseException as error:
                if isinstance(error, asyncio.CancelledError):
                    raise
                log.exception("stopping without commit", topic=self._topic.name)
                os._exit(70)  # Faust would acknowledge the record if the error reached it

    async def _take(self, record: Record) -> None:
        metrics.count("records_consumed", self._topic.name)
        try:
            message = decode(self._topic, record.value)
            key = self._step.key(message)
            state, outputs = self._step(self._table.get(key), record, message)
        except (DecodeError, InvalidMessage) as error:
            await self._reject(record, str(error))
            return
        self._letters.valid()
        await self._publish(outputs)
        self._table[key] = state
        await self._app.producer.flush()

    async def _reject(self, record: Record, reason: str) -> None:
        log.warning("dead letter", at=(*record.partition, record.offset), reason=reason)
        metrics.count("records_deadlettered", self._topic.name)
        await self._publish([dead_letter(self._topic, record, self._group, reason, self._clock)])
        self._letters.invalid()

    async def _publish(self, outputs: Iterable[Outgoing], attempts: int = 8) -> None:
        kept = list(outputs)
        for attempt in range(1, attempts + 1):
            try:
                for outgoing in kept:
                    self._publisher.publish(outgoing)
                await asyncio.to_thread(self._publisher.flush)
                return
            except TransientError as error:
                if attempt == attempts:
                    raise
                metrics.count("retries", self._topic.name)
                log.warning("trying again", attempt=attempt, error=str(error))
                await asyncio.sleep(min(0.2 * 2**attempt, 10))


def build_app(settings: ServiceSettings, group: str) -> faust.App:
    """A Faust app that does only what we ask of it: no web server, no leader, no reply topic."""
    directory = Path(settings.state_dir).resolve() / "faust" / (settings.topic_prefix + group)
    directory.mkdir(parents=True, exist_ok=True)
    return faust.App(
        settings.topic_prefix + group,
        broker=f"kafka://{settings.kafka_bootstrap.replace(',', ';')}",
        store="rocksdb://",
        datadir=str(directory),
        key_serializer="raw",
        value_serializer="raw",
        autodiscover=False,
        web_enabled=False,
        topic_disable_leader=True,
        topic_replication_factor=1,
        consumer_auto_offset_reset="earliest",
        stream_wait_empty=True,  # a rebalance waits for the record at work: no write is overtaken
        broker_commit_interval=1.0,
        broker_session_timeout=10.0,
        broker_heartbeat_interval=2.0,
        reply_create_topic=False,
    )


def _record(message: Any) -> Record:
    return Record(
        Partition(message.topic, message.partition),
        message.offset,
        message.key,
        message.value,
        dict(_pairs(message.headers)),
    )


def _pairs(headers: Any) -> Iterable[tuple[str, bytes]]:
    if not headers:
        return []
    return list(headers.items() if hasattr(headers, "items") else headers)
