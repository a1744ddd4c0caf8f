"""The consume loop: poll, decode, prepare, handle, produce, commit after the acknowledgement.

Two threads. The reader polls Kafka, decodes and prepares, and fills the inbox; when that is full
the partitions pause. The worker takes batches, handles them, waits for the acknowledgement of what
they caused, and says how far each partition got. The reader commits that, below what is held. So:
at least once, order kept per partition, nothing lost on kill -9 (docs/decisions/0003).
"""

import threading
import time
from collections.abc import Collection, Sequence
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from schemas.codec import DecodeError, decode
from schemas.topics import MIB, Topic
from services.chassis.clock import SystemClock
from services.chassis.errors import InvalidMessage
from services.chassis.settings import ServiceSettings
from services.chassis.streaming.complaints import quiet
from services.chassis.streaming.handler import Handler
from services.chassis.streaming.inbox import Rejected
from services.chassis.streaming.publisher import Publisher
from services.chassis.streaming.records import Incoming, Partition, Record
from services.chassis.streaming.stall import StallWatch
from services.chassis.streaming.worker import Limits, Member, Worker
from services.chassis.telemetry import logs, metrics

log = logs.get("consumer")
POLL_S = 0.05
PAUSE_AFTER_S = 5.0


def consumer_config(settings: ServiceSettings, group: str) -> dict[str, Any]:
    return {
        "bootstrap.servers": settings.kafka_bootstrap,
        "group.id": settings.topic_prefix + group,
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "partition.assignment.strategy": "cooperative-sticky",
        "session.timeout.ms": 10_000,
        "heartbeat.interval.ms": 2_000,
        "max.poll.interval.ms": 300_000,
        "fetch.message.max.bytes": 17 * MIB,
        "queued.max.messages.kbytes": 32 * 1024,
        "reconnect.backoff.max.ms": 2_000,
        **quiet("consumer"),
    }


class ConsumeLoop:
    """Feeds records of `topics` to a handler, as one member of consumer group `group`."""

    def __init__(
        self,
        settings: ServiceSettings,
        group: str,
        topics: Sequence[Topic],
        handler: Handler,
        publisher: Publisher,
        limits: Limits = Limits(),
    ) -> None:
        self._limits, self._handler, self._group = limits, handler, group
        self._topics = {settings.topic_prefix + topic.name: topic for topic in topics}
        member = Member(self._topics, group)
        self._worker = Worker(member, handler, publisher, limits, SystemClock())
        self._consumer = Consumer(consumer_config(settings, group))
        self._stall = StallWatch(self._consumer)
        self._stopping = threading.Event()
        self._assigned = threading.Event()
        self._paused = False

    @property
    def ready(self) -> bool:
        """Joined the group, and not stopped."""
        return self._assigned.is_set() and not self._stopping.is_set()

    def stop(self) -> None:
        """Drain: finish the batch at work, commit, leave. Safe from a signal handler."""
        self._stopping.set()

    def run(self) -> None:
        """Until `stop`. Raises what the handler raised, nothing of that batch committed."""
        self._consumer.subscribe(
            list(self._topics),
            on_assign=self._on_assign,
            on_revoke=self._on_revoke,
            on_lost=self._on_lost,
        )
        self._worker.start()
        try:
            while not self._stopping.is_set() and not self._worker.failed:
                self._turn()
        finally:
            self._close()
        self._worker.raise_failure()

    def _turn(self) -> None:
        self._balance()
        message = self._consumer.poll(POLL_S)
        if message is not None:
            self._stall.heard()
            self._receive(message)
        elif not self._paused:
            self._stall.check()
        self._commit(asynchronous=True)

    def _receive(self, message: Any) -> None:
        error = message.error()
        if error is not None:
            self._tolerate(error)
            return
        record = Record(
            Partition(message.topic(), message.partition()),
            message.offset(),
            message.key(),
            message.value(),
            dict(message.headers() or ()),
        )
        metrics.count("records_consumed", record.partition.topic)
        self._worker.put(self._decode(record))

    def _decode(self, record: Record) -> Incoming | Rejected:
        topic = self._topics[record.partition.topic]
        try:
            message = decode(topic, record.value)
        except DecodeError as error:
            owned = topic.consumers[0] == self._group.split(".")[0]
            return Rejected(record, str(error), owned)
        try:
            return Incoming(record, message, self._handler.prepare(message))
        except InvalidMessage as error:
            return Rejected(record, str(error), owned=True)

    def _tolerate(self, error: KafkaError) -> None:
        if error.fatal() or error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
            raise KafkaException(error)
        log.warning("kafka", error=str(error))
        if error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            time.sleep(0.5)

    def _balance(self) -> None:
        """Wait for room in the inbox; pause only when that takes long, since librdkafka throws
        away what it fetched ahead of a paused partition. Rebalances wait that long at most.
        """
        if not self._worker.wait_for_room(0 if self._paused else PAUSE_AFTER_S):
            if not self._paused:
                self._consumer.pause(self._consumer.assignment())
                self._paused = True
        else:
            self._unpause()

    def _unpause(self) -> None:
        if self._paused:
            self._consumer.resume(self._consumer.assignment())
            self._paused = False

    def _commit(self, asynchronous: bool) -> None:
        offsets = self._worker.committable()
        if not offsets:
            return
        targets = [TopicPartition(*partition, offset) for partition, offset in offsets.items()]
        try:
            if asynchronous:
                self._consumer.commit(offsets=targets, asynchronous=True)
            else:
                self._consumer.commit(offsets=targets, asynchronous=False)
        except KafkaException as error:
            log.warning("commit refused", error=str(error))

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        # A partition paused in the middle of its assignment was seen never to fetch again.
        self._unpause()
        consumer.incremental_assign(partitions)
        self._assigned.set()
        log.info("assigned", group=self._group, partitions=_names(partitions))

    def _on_revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        gone = self._let_go(partitions)
        self._commit(asynchronous=False)
        self._worker.resume(gone)
        consumer.incremental_unassign(partitions)

    def _on_lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._worker.resume(self._let_go(partitions))
        consumer.incremental_unassign(partitions)

    def _let_go(self, partitions: list[TopicPartition]) -> set[Partition]:
        log.info("revoked", group=self._group, partitions=_names(partitions))
        gone = _partitions(partitions)
        self._unpause()
        self._worker.pause()
        self._handler.forget(gone)
        return gone

    def _close(self) -> None:
        self._worker.stop()
        self._commit(asynchronous=False)
        self._consumer.close()


def _partitions(partitions: Collection[TopicPartition]) -> set[Partition]:
    return {Partition(item.topic, item.partition) for item in partitions}


def _names(partitions: Collection[TopicPartition]) -> str:
    return ", ".join(f"{item.topic}/{item.partition}" for item in partitions)
