"""The log of a replay over the fake broker, which knows no moments of writing."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from schemas.base import Message
from schemas.codec import encode
from schemas.topics import Topic
from services.chassis.streaming.memory import MemoryBroker
from services.scoring.replay.log import Packed, Span


class MemoryLog:
    """All that lies on a topic, whenever it was written; `asked` are the moments asked for."""

    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker
        self.asked: list[tuple[datetime, datetime]] = []

    def span(self, topic: Topic, since: datetime, until: datetime) -> Span:
        assert since < until
        self.asked.append((since, until))
        places = self._broker.partitions(self._broker.topic_prefix + topic.name)
        bounds = {one.number: self._broker.bounds(one) for one in places}
        return Span(
            {number: one.first for number, one in bounds.items()},
            {number: one.end for number, one in bounds.items()},
        )

    def read(self, topic: Topic, span: Span, most: int) -> Iterator[Sequence[Packed]]:
        found = [
            Packed(one.partition.number, one.offset, one.key, one.value)
            for one in self._broker.records(topic)
            if span.starts[one.partition.number] <= one.offset < span.ends[one.partition.number]
        ]
        for start in range(0, len(found), most):
            yield found[start : start + most]


def put(broker: MemoryBroker, topic: Topic, messages: Sequence[Message]) -> None:
    for message in messages:
        broker.append(topic.name, message.key.encode(), encode(message))
