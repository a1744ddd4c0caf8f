"""A stretch of one topic's log: from one moment of writing to another, outside any group."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from confluent_kafka import TopicPartition

from schemas.base import Message
from schemas.codec import DecodeError, decode
from schemas.topics import Topic
from services.chassis.settings import KafkaSettings
from services.chassis.streaming.kafka import KafkaReader
from services.chassis.streaming.records import Partition, Record

AT_ONCE = 1000
POLL_S = 0.5


class Stretch(Protocol):
    """Records from `starts` up to `ends`, each partition in order."""

    starts: Mapping[Partition, int]

    @property
    def ends(self) -> Mapping[Partition, int]: ...

    def poll(self, most: int, timeout_s: float) -> Sequence[Record]: ...

    def close(self) -> None: ...


class KafkaStretch(KafkaReader):
    """What was written from `since` on and before `until`, as far as it lies there now."""

    def __init__(
        self, settings: KafkaSettings, topic: Topic, since: datetime, until: datetime
    ) -> None:
        super().__init__(settings, topic.name, "end")
        last = self.ends
        self.starts: Mapping[Partition, int] = self._offsets_at(since, last)
        self.ends = self._offsets_at(until, last)
        self._consumer.assign([TopicPartition(*one, at) for one, at in self.starts.items()])

    def _offsets_at(self, moment: datetime, ends: Mapping[Partition, int]) -> dict[Partition, int]:
        """The first offset written at the moment or later; the end where there is none."""
        milliseconds = max(round(moment.timestamp() * 1000), 0)
        asked = [TopicPartition(*partition, milliseconds) for partition in ends]
        with self._asking():
            found = self._consumer.offsets_for_times(asked, self._settings.kafka_timeout_s)
        return {
            partition: answer.offset if answer.offset >= 0 else ends[partition]
            for partition, answer in zip(ends, found, strict=True)
        }


def batches(stretch: Stretch) -> Iterator[Sequence[Record]]:
    """All records of the stretch; closes it at the end."""
    left = {one for one, end in stretch.ends.items() if stretch.starts[one] < end}
    try:
        while left:
            records = stretch.poll(AT_ONCE, POLL_S)
            yield [one for one in records if one.offset < stretch.ends[one.partition]]
            for record in records:
                if record.offset + 1 >= stretch.ends[record.partition]:
                    left.discard(record.partition)
    finally:
        stretch.close()


def messages(stretch: Stretch, topic: Topic) -> Iterator[tuple[Record, Message]]:
    """What can be decoded of it; what cannot is a dead letter of the service that reads live."""
    for records in batches(stretch):
        for record in records:
            try:
                yield record, decode(topic, record.value)
            except DecodeError:
                continue
