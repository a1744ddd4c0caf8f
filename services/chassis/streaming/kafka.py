"""Kafka itself behind the port, by librdkafka."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    TopicPartition,
)

from services.chassis.settings import KafkaSettings, ServiceSettings
from services.chassis.streaming.broker import (
    Bounds,
    GroupConsumer,
    LogReader,
    Position,
    Rebalances,
    Start,
    begin,
)
from services.chassis.streaming.clients import (
    Complaints,
    consumer_config,
    reader_config,
    unreachable,
)
from services.chassis.streaming.partitioning import partition_of
from services.chassis.streaming.publisher import KafkaPublisher, Publisher
from services.chassis.streaming.records import Partition, Record
from services.chassis.telemetry import logs

log = logs.get("kafka")
FATAL = (KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED)
NOT_YET = (
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError._UNKNOWN_PARTITION,
)
NOT_YET_S = 30.0
"""A topic that was just made has no leader for a moment."""


class KafkaBroker:
    """The Kafka that the settings name. Making it connects to nothing."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self.topic_prefix = settings.topic_prefix

    @property
    def state_dir(self) -> Path | None:
        return self._settings.state_dir if isinstance(self._settings, ServiceSettings) else None

    def consumer(self, group: str) -> GroupConsumer:
        return KafkaConsumer(self._settings, group)

    def reader(self, topic: str, start: Start, key: bytes | None = None) -> LogReader:
        return KafkaReader(self._settings, topic, start, key)

    def publisher(self, source: str) -> Publisher:
        return KafkaPublisher(self._settings, source)


class _Client:
    """What consumer and reader share."""

    def __init__(
        self, settings: KafkaSettings, config: dict[str, Any], complaints: Complaints
    ) -> None:
        self._settings, self._complaints = settings, complaints
        self.finished: set[Partition] = set()
        """Partitions that were read to their end once; only where the end is asked for."""
        self._consumer = Consumer({**config, "error_cb": complaints})

    @contextmanager
    def _asking(self) -> Iterator[None]:
        try:
            yield
        except KafkaException as error:
            raise unreachable(self._settings, error, self._complaints) from error

    @contextmanager
    def _asking_first(self) -> Iterator[None]:
        """Before anything is read: then a poll loses no record, and hears why nobody answers."""
        try:
            yield
        except KafkaException as error:
            self._consumer.poll(0)
            raise unreachable(self._settings, error, self._complaints) from error

    def bounds(self, partition: Partition) -> Bounds:
        """A topic that was just made is waited for."""
        asked = TopicPartition(*partition)
        deadline = time.monotonic() + NOT_YET_S
        with self._asking():
            while True:
                try:
                    first, end = self._consumer.get_watermark_offsets(
                        asked, timeout=self._settings.kafka_timeout_s
                    )
                    return Bounds(int(first), int(end))
                except KafkaException as error:
                    if error.args[0].code() not in NOT_YET or time.monotonic() > deadline:
                        raise
                    time.sleep(0.1)

    def partitions_of(self, name: str) -> list[Partition]:
        deadline = time.monotonic() + NOT_YET_S
        with self._asking_first():
            while True:
                timeout_s = self._settings.kafka_timeout_s
                listed = self._consumer.list_topics(name, timeout=timeout_s).topics[name]
                if listed.error is None:
                    return [Partition(name, number) for number in sorted(listed.partitions)]
                if time.monotonic() > deadline:
                    raise KafkaException(listed.error)
                time.sleep(0.1)

    def poll(self, most: int, timeout_s: float) -> list[Record]:
        """Waits for the first record only: `consume` with a time to wait would wait for `most`.

        What is there is taken in one call. A call for each record would hand the interpreter to
        another thread each time, which costs more than the record.
        """
        first = self._consumer.poll(timeout_s)
        if first is None:
            return []
        records: list[Record] = []
        for message in (first, *(self._consumer.consume(most - 1, 0) if most > 1 else ())):
            error = message.error()
            if error is None:
                records.append(_record(message))
            elif error.code() == KafkaError._PARTITION_EOF:
                self.finished.add(_record(message).partition)
            else:
                self._tolerate(error)
        return records

    def _tolerate(self, error: KafkaError) -> None:
        if error.fatal() or error.code() in FATAL:
            raise unreachable(self._settings, KafkaException(error), self._complaints)
        if error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            log.warning("a topic is missing; `nightclerk topics apply` makes it", error=error.str())
            time.sleep(0.5)
        elif error.code() not in (KafkaError._ALL_BROKERS_DOWN, KafkaError._TRANSPORT):
            log.warning("kafka", error=error.str())


class KafkaConsumer(_Client):
    """A member of a group."""

    def __init__(self, settings: KafkaSettings, group: str) -> None:
        self._failed: set[Partition] = set()
        self._closing = False
        config = {**consumer_config(settings, group), "on_commit": self._on_commit}
        super().__init__(settings, config, Complaints("consumer"))

    def subscribe(self, topics: Collection[str], rebalances: Rebalances) -> None:
        """Raises TransientError when Kafka is away: a subscription alone would not notice."""
        with self._asking_first():
            self._consumer.list_topics(timeout=self._settings.kafka_timeout_s)

        def on_assign(consumer: Consumer, partitions: list[TopicPartition]) -> None:
            if self._closing:
                # Whoever leaves gets no answers any more: what is asked here times out.
                consumer.incremental_assign([])
                return
            # A partition paused in the middle of its assignment was seen never to fetch again.
            self.resume()
            starts = rebalances.assigned(_partitions(partitions))
            consumer.incremental_assign(
                [TopicPartition(*partition, offset) for partition, offset in starts.items()]
            )

        self._consumer.subscribe(
            list(topics),
            on_assign=on_assign,
            on_revoke=self._taken_away(rebalances.revoked),
            on_lost=self._taken_away(rebalances.lost),
        )

    def _taken_away(
        self, react: Callable[[Collection[Partition]], None]
    ) -> Callable[[Consumer, list[TopicPartition]], None]:
        def on_taken(consumer: Consumer, partitions: list[TopicPartition]) -> None:
            if not self._closing:  # a client that is being destroyed does not know what it has
                self.resume()
            react(_partitions(partitions))
            consumer.incremental_unassign(partitions)

        return on_taken

    def commit(self, positions: Mapping[Partition, Position]) -> None:
        try:
            self._consumer.commit(offsets=_offsets(positions), asynchronous=True)
        except KafkaException as error:
            log.warning("commit refused", error=error.args[0].str())
            self._failed.update(positions)

    def commit_now(self, positions: Mapping[Partition, Position]) -> None:
        with self._asking():
            answers = self._consumer.commit(offsets=_offsets(positions), asynchronous=False)
            for answer in answers or ():
                if answer.error is not None:
                    raise KafkaException(answer.error)

    def failed_commits(self) -> Collection[Partition]:
        failed, self._failed = self._failed, set()
        return failed

    def committed(self, partitions: Collection[Partition]) -> dict[Partition, Position]:
        asked = [TopicPartition(*partition) for partition in partitions]
        with self._asking():
            answers = self._consumer.committed(asked, self._settings.kafka_timeout_s)
        return {
            Partition(one.topic, one.partition): Position(one.offset, one.metadata or "")
            for one in answers
            if one.error is None and one.offset >= 0
        }

    def common_partitions(self, topics: Sequence[str]) -> int:
        """How many partitions each of the topics has. Raises ValueError when they differ: then
        the records of one key would not be together.
        """
        counts = {name: len(self.partitions_of(name)) for name in topics}
        if len(set(counts.values())) != 1:
            raise ValueError(f"these topics must have the same number of partitions: {counts}")
        return counts[topics[0]]

    def pause(self) -> None:
        self._consumer.pause(self._consumer.assignment())

    def resume(self) -> None:
        self._consumer.resume(self._consumer.assignment())

    def seek(self, offsets: Mapping[Partition, int]) -> None:
        for partition, offset in offsets.items():
            try:
                self._consumer.seek(TopicPartition(*partition, offset))
            except KafkaException as error:  # it was assigned a moment ago
                log.info("not sought", topic=partition.topic, error=str(error))

    def close(self) -> None:
        self._closing = True
        self._consumer.close()

    def _on_commit(self, error: KafkaError | None, partitions: list[TopicPartition]) -> None:
        for one in partitions:
            if failure := error or one.error:
                log.warning("commit failed", topic=one.topic, error=failure.str())
                self._failed.add(Partition(one.topic, one.partition))


class KafkaReader(_Client):
    """All partitions of a topic, as many as the broker has, or that of a key."""

    def __init__(
        self,
        settings: KafkaSettings,
        topic: str,
        start: Start,
        key: bytes | None = None,
    ) -> None:
        super().__init__(settings, reader_config(settings), Complaints("reader"))
        partitions = self.partitions_of(settings.topic_prefix + topic)
        if key is not None:
            partitions = [partitions[partition_of(key, len(partitions))]]
        bounds = {one: self.bounds(one) for one in partitions}
        self.ends: Mapping[Partition, int] = {one: found.end for one, found in bounds.items()}
        if isinstance(start, datetime):
            start = {one.number: at for one, at in self._written_at(start).items()}
        self.starts: Mapping[Partition, int] = {
            one: begin(found, one.number, start) for one, found in bounds.items()
        }
        self._consumer.assign(
            [
                TopicPartition(*one, OFFSET_BEGINNING if start == "first" else self.starts[one])
                for one in partitions
            ]
        )

    def _written_at(self, moment: datetime) -> dict[Partition, int]:
        """The first offset of each partition written then or later; its end where none is."""
        milliseconds = max(round(moment.timestamp() * 1000), 0)
        asked = [TopicPartition(*one, milliseconds) for one in self.ends]
        with self._asking():
            found = self._consumer.offsets_for_times(asked, self._settings.kafka_timeout_s)
        return {
            one: answer.offset if answer.offset >= 0 else self.ends[one]
            for one, answer in zip(self.ends, found, strict=True)
        }

    def is_caught_up(self) -> bool:
        """By the broker's word: the end may lie past the last record that compaction left."""
        return self.finished >= self.ends.keys()

    def close(self) -> None:
        self._consumer.close()


def _record(message: Any) -> Record:
    return Record(
        Partition(message.topic(), message.partition()),
        message.offset(),
        message.key(),
        message.value(),
        dict(message.headers() or ()),
    )


def _partitions(partitions: Sequence[TopicPartition]) -> set[Partition]:
    return {Partition(one.topic, one.partition) for one in partitions}


def _offsets(positions: Mapping[Partition, Position]) -> list[TopicPartition]:
    return [
        TopicPartition(*partition, position.offset, position.note)
        for partition, position in positions.items()
    ]
