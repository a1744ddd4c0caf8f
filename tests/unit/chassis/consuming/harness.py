"""What the tests of the consume loop share: handlers, a member in reach, records on the log."""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from threading import Event

from schemas.base import Message
from schemas.codec import encode
from schemas.embeddings import EmbeddingExtracted
from schemas.scores import ClipScored
from schemas.topics import EMBEDDINGS, SCORES
from services.chassis.streaming.broker import Broker
from services.chassis.streaming.consumer import ConsumeLoop
from services.chassis.streaming.handler import Handler
from services.chassis.streaming.membership import MemoryConsumer
from services.chassis.streaming.memory import MemoryBroker
from services.chassis.streaming.records import Incoming, Outgoing, Partition
from services.chassis.streaming.worker import Limits
from tests.builders import embedding, scored, source

GROUP = "judging.live.i3d_k400"
QUICK = Limits(batch_records=4, queue_records=16, tick_s=0.01, backoff_s=0.001, max_backoff_s=0.001)


class Scoring(Handler):
    """Scores every embedding once; keeps what it was shown."""

    def __init__(self, fail: Callable[[EmbeddingExtracted], None] = lambda _: None) -> None:
        self._fail = fail
        self.taken: list[tuple[str, int]] = []
        self.again: list[tuple[str, int]] = []
        self.gaps: list[tuple[Partition, int, int]] = []
        self.ticked = Event()

    def handle(self, batch: Sequence[Incoming], cancelled: Event) -> Iterable[Outgoing]:
        for item in batch:
            message = item.message
            assert isinstance(message, EmbeddingExtracted)
            place = (message.key, message.clips[0].index)
            (self.again if item.again else self.taken).append(place)
            self._fail(message)
            if not item.again:
                answer = scored(place[1], calibrated=0.5, source_id=message.source_id)
                yield Outgoing(SCORES, answer, item.record.headers)

    def tick(self, now: datetime) -> Iterable[Outgoing]:
        self.ticked.set()
        return ()

    def lost(self, partition: Partition, first: int, last: int) -> None:
        self.gaps.append((partition, first, last))


class FixedBroker:
    """The broker as one member sees it, so that a test can reach that member."""

    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker
        self.topic_prefix, self.state_dir = broker.topic_prefix, broker.state_dir
        self.reader, self.publisher = broker.reader, broker.publisher
        self.members: list[MemoryConsumer] = []

    def consumer(self, group: str) -> MemoryConsumer:
        self.members.append(self._broker.member(group))
        return self.members[-1]


def loop(broker: Broker, handler: Handler, limits: Limits = QUICK) -> ConsumeLoop:
    publisher = broker.publisher("scoring")
    return ConsumeLoop(broker, GROUP, [EMBEDDINGS], handler, publisher, limits)


@contextmanager
def running(consume: ConsumeLoop) -> Iterator[ConsumeLoop]:
    thread = threading.Thread(target=consume.run)
    thread.start()
    try:
        yield consume
    finally:
        consume.stop()
        thread.join(30)
        assert not thread.is_alive()


def put(broker: MemoryBroker, *messages: Message) -> None:
    for message in messages:
        broker.append(EMBEDDINGS.name, message.key.encode(), encode(message))


def put_embeddings(broker: MemoryBroker, count: int, sources: int = 3, start: int = 0) -> None:
    for n in range(start, start + count):
        put(broker, embedding(n // sources, source_id=source(n % sources)))


def indexes_by_source(messages: Iterable[Message]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for message in messages:
        assert isinstance(message, ClipScored)
        found[message.key].append(message.clips[0].index)
    return found


def until_read(broker: MemoryBroker) -> None:
    broker.wait_until(lambda: broker.lag(GROUP, EMBEDDINGS) == 0)
