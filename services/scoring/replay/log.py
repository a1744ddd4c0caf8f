"""A stretch of one topic's log, outside any group, as fast as Kafka gives it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from confluent_kafka import KafkaError, TopicPartition

from schemas.base import Message
from schemas.topics import Topic
from services.chassis.settings import KafkaSettings
from services.chassis.streaming.broker import Broker
from services.chassis.streaming.compacted import CompactedView
from services.chassis.streaming.kafka import KafkaReader
from services.chassis.telemetry import logs, metrics

log = logs.get("replay")
POLL_S = 0.05


class Packed(NamedTuple):
    """A record as far as a replay needs it."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None


@dataclass(frozen=True)
class Span:
    """From which offset of each partition up to, and without, which."""

    starts: Mapping[int, int]
    ends: Mapping[int, int]

    def __len__(self) -> int:
        """How many records, as far as offsets tell."""
        return sum(max(end - self.starts[number], 0) for number, end in self.ends.items())

    def after(self, share: float) -> "Span":
        """Without so much of each partition."""
        starts = {
            number: start + int(share * max(self.ends[number] - start, 0))
            for number, start in self.starts.items()
        }
        return Span(starts, self.ends)

    def left(self, nexts: Mapping[int, int]) -> "Span":
        """What is left once each partition is read up to these offsets."""
        starts = {number: max(at, nexts.get(number, at)) for number, at in self.starts.items()}
        return Span(starts, self.ends)


class Log(Protocol):
    """Reads stretches of topics."""

    def span(self, topic: Topic, since: datetime, until: datetime) -> Span:
        """What was written from `since` on and before `until`, as far as it lies there now."""

    def read(self, topic: Topic, span: Span, most: int) -> Iterator[Sequence[Packed]]:
        """The records of the span, each partition in order, at most so many at once. What is
        deleted before it is read is passed over, and told.
        """


class KafkaLog:
    """The log on Kafka. Both raise TransientError when it is away."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings

    def span(self, topic: Topic, since: datetime, until: datetime) -> Span:
        reader = _SpanReader(self._settings, topic.name, "end")
        try:
            return reader.span(since, until)
        finally:
            reader.close()

    def read(self, topic: Topic, span: Span, most: int) -> Iterator[Sequence[Packed]]:
        reader = _SpanReader(self._settings, topic.name, "end")
        try:
            yield from reader.records(span, most)
        finally:
            reader.close()


class _SpanReader(KafkaReader):
    def span(self, since: datetime, until: datetime) -> Span:
        firsts = {one.number: self.bounds(one).first for one in self.ends}
        starts, ends = self._offsets_at(since), self._offsets_at(until)
        starts = {number: max(at, firsts[number]) for number, at in starts.items()}
        return Span(starts, {number: max(at, starts[number]) for number, at in ends.items()})

    def records(self, span: Span, most: int) -> Iterator[Sequence[Packed]]:
        left = {number for number, end in span.ends.items() if span.starts[number] < end}
        name = next(iter(self.ends)).topic
        self._consumer.assign(
            [TopicPartition(name, number, span.starts[number]) for number in sorted(left)]
        )
        nexts = dict(span.starts)
        while left:
            found, over = self._consume(span, most)
            for record in found:
                _tell_lost(name, record.offset - nexts[record.partition])
                nexts[record.partition] = record.offset + 1
            yield found
            if over := over & left:
                for number in over:
                    _tell_lost(name, span.ends[number] - nexts[number])
                left -= over
                self._consumer.pause([TopicPartition(name, number) for number in sorted(over)])

    def _consume(self, span: Span, most: int) -> tuple[list[Packed], set[int]]:
        """Records of the span, and partitions of which nothing more of it comes."""
        found, over = list[Packed](), set[int]()
        messages: Sequence[Any] = self._consumer.consume(most, POLL_S)
        for message in messages:
            if (error := message.error()) is not None:
                if error.code() == KafkaError._PARTITION_EOF:
                    over.add(message.partition())
                else:
                    self._tolerate(error)
                continue
            number, offset = message.partition(), message.offset()
            if offset < span.ends[number]:
                found.append(Packed(number, offset, message.key(), message.value()))
            if offset + 1 >= span.ends[number]:
                over.add(number)
        return found, over

    def _offsets_at(self, moment: datetime) -> dict[int, int]:
        """The first offset written at the moment or later; the end where there is none."""
        milliseconds = max(round(moment.timestamp() * 1000), 0)
        asked = [TopicPartition(*partition, milliseconds) for partition in self.ends]
        with self._asking():
            found = self._consumer.offsets_for_times(asked, self._settings.kafka_timeout_s)
        return {
            partition.number: answer.offset if answer.offset >= 0 else end
            for (partition, end), answer in zip(self.ends.items(), found, strict=True)
        }


def _tell_lost(topic: str, records: int) -> None:
    """Where offsets leave a gap, Kafka deleted what lay there."""
    if records > 0:
        metrics.count("records_lost", topic, records)
        log.warning("deleted before it was read", topic=topic, records=records)


def all_of(broker: Broker, topic: Topic) -> tuple[Message, ...]:
    """The latest of each key that lies on a compacted topic now."""
    view = CompactedView(broker, topic)
    view.start()
    try:
        view.wait_ready()
        return view.values()
    finally:
        view.stop()
