"""The consume loop on real Kafka: commit after produce, dead letters, restart, rebalance."""

import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from schemas.base import Message
from schemas.codec import decode, encode
from schemas.deadletters import DeadLetter
from schemas.scores import ClipScored
from schemas.topics import EMBEDDINGS, SCORES, Topic, dead_letters
from services.chassis.errors import TransientError
from services.chassis.settings import ServiceSettings
from services.chassis.streaming.consumer import ConsumeLoop
from services.chassis.streaming.handler import Handler
from services.chassis.streaming.kafka import KafkaBroker
from services.chassis.streaming.lag import Backlog, GroupLag
from services.chassis.streaming.records import Incoming, Outgoing, Partition
from services.chassis.streaming.worker import Limits
from tests.builders import embedding, scored, source
from tests.waiting import wait_until

GROUP = "judging.live.i3d_k400"
pytestmark = pytest.mark.integration


class Scoring(Handler):
    """Scores every embedding; fails on the one it is told to."""

    def __init__(self, fail_at: int | None = None) -> None:
        self.fail_at, self.seen = fail_at, 0
        self.gaps: list[tuple[Partition, int, int]] = []

    def lost(self, partition: Partition, first: int, last: int) -> None:
        self.gaps.append((partition, first, last))

    def handle(self, batch: Sequence[Incoming], cancelled: Event) -> Iterable[Outgoing]:
        for item in batch:
            if self.seen == self.fail_at:
                raise ZeroDivisionError
            self.seen += 1
            index = item.message.clips[0].index  # type: ignore[attr-defined]
            message = scored(index, calibrated=0.5, source_id=item.message.source_id)  # type: ignore[attr-defined]
            yield Outgoing(SCORES, message, item.record.headers)


@pytest.fixture
def settings(kafka: str, topic_prefix: str, tmp_path: Path) -> ServiceSettings:
    return ServiceSettings(kafka_bootstrap=kafka, topic_prefix=topic_prefix, state_dir=tmp_path)


def build(settings: ServiceSettings, handler: Handler) -> ConsumeLoop:
    limits = Limits(batch_records=4, queue_records=8)
    broker = KafkaBroker(settings)
    return ConsumeLoop(broker, GROUP, [EMBEDDINGS], handler, broker.publisher("scoring"), limits)


@contextmanager
def running(loop: ConsumeLoop) -> Iterator[ConsumeLoop]:
    thread = threading.Thread(target=loop.run)
    thread.start()
    try:
        yield loop
    finally:
        loop.stop()
        thread.join(60)


def put(settings: ServiceSettings, topic: Topic, values: Iterable[tuple[str, bytes]]) -> None:
    producer = Producer(
        {"bootstrap.servers": settings.kafka_bootstrap, "partitioner": "murmur2_random"}
    )
    for key, value in values:
        producer.produce(settings.topic_prefix + topic.name, value, key)
    assert producer.flush(120) == 0


def read(settings: ServiceSettings, topic: Topic, count: int, wait_s: float = 120) -> list[Message]:
    """The first `count` messages of a topic; fewer when they do not come in time."""
    name = settings.topic_prefix + topic.name
    consumer = Consumer({"bootstrap.servers": settings.kafka_bootstrap, "group.id": "reader"})
    consumer.assign(
        [TopicPartition(name, number, 0) for number in range(1 if ".dlq" in topic.name else 4)]
    )
    messages, deadline = [], time.monotonic() + wait_s
    while len(messages) < count and time.monotonic() < deadline:
        record = consumer.poll(0.2)
        if record is not None and record.error() is None:
            messages.append(decode(topic, record.value()))
    consumer.close()
    return messages


def written(settings: ServiceSettings, topic: Topic) -> int:
    """How many records lie on a topic now."""
    name = settings.topic_prefix + topic.name
    consumer = Consumer({"bootstrap.servers": settings.kafka_bootstrap, "group.id": "counter"})
    partitions = [TopicPartition(name, number) for number in range(4)]
    ends = [consumer.get_watermark_offsets(one, timeout=120)[1] for one in partitions]
    consumer.close()
    return sum(ends)


def committed(settings: ServiceSettings) -> int:
    """How many records of the input the group has committed in all."""
    group = settings.topic_prefix + GROUP
    name = settings.topic_prefix + EMBEDDINGS.name
    consumer = Consumer({"bootstrap.servers": settings.kafka_bootstrap, "group.id": group})
    partitions = [TopicPartition(name, number) for number in range(4)]
    offsets = [max(one.offset, 0) for one in consumer.committed(partitions, 120)]
    consumer.close()
    return sum(offsets)


def embeddings(count: int, sources: int = 3) -> list[tuple[str, bytes]]:
    messages = [embedding(n // sources, source_id=source(n % sources)) for n in range(count)]
    return [(message.key, encode(message)) for message in messages]


def indexes_per_source(messages: Sequence[Message]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for message in messages:
        assert isinstance(message, ClipScored)
        found.setdefault(message.key, []).append(message.clips[0].index)
    return found


def test_every_record_is_answered_in_the_order_of_its_key(settings: ServiceSettings) -> None:
    put(settings, EMBEDDINGS, embeddings(90))
    with running(build(settings, Scoring())):
        found = indexes_per_source(read(settings, SCORES, 90))
    assert found == {str(source(n)): list(range(30)) for n in range(3)}


def test_a_crash_commits_nothing_of_its_batch_and_a_restart_goes_on(
    settings: ServiceSettings,
) -> None:
    put(settings, EMBEDDINGS, embeddings(30))
    with pytest.raises(ZeroDivisionError):
        build(settings, Scoring(fail_at=10)).run()
    before, done = written(settings, SCORES), committed(settings)
    assert before <= 10
    with running(build(settings, Scoring())):
        found = indexes_per_source(read(settings, SCORES, before + 30 - done))
    assert {key: sorted(set(indexes)) for key, indexes in found.items()} == {
        str(source(n)): list(range(10)) for n in range(3)
    }


def test_a_thousand_corrupted_records_end_as_dead_letters_and_the_stream_goes_on(
    settings: ServiceSettings,
) -> None:
    good = embeddings(2)
    corrupted = [("k", b"\xc1 not a message %d" % n) for n in range(1000)]
    put(settings, EMBEDDINGS, [good[0], *corrupted, good[1]])
    with running(build(settings, Scoring())):
        letters = read(settings, dead_letters(EMBEDDINGS), 1000)
        assert len(read(settings, SCORES, 2)) == 2
    assert {letter.record_value for letter in letters if isinstance(letter, DeadLetter)} == {
        value for _, value in corrupted
    }
    assert all(isinstance(letter, DeadLetter) and letter.reason for letter in letters)


def test_a_second_member_takes_over_part_and_nothing_is_lost(settings: ServiceSettings) -> None:
    with running(build(settings, Scoring())) as first:
        wait_until(lambda: first.ready, 120)
        put(settings, EMBEDDINGS, embeddings(60, sources=12))
        with running(build(settings, Scoring())) as second:
            wait_until(lambda: second.ready, 120)
            put(settings, EMBEDDINGS, embeddings(120, sources=12)[60:])
            found = read(settings, SCORES, 120)
    assert {key: sorted(set(indexes)) for key, indexes in indexes_per_source(found).items()} == {
        str(source(n)): list(range(10)) for n in range(12)
    }


def test_what_kafka_deleted_unread_is_reported_and_lag_says_so(settings: ServiceSettings) -> None:
    lag = GroupLag(settings, GROUP, EMBEDDINGS)
    put(settings, EMBEDDINGS, embeddings(4, sources=1))
    with running(build(settings, Scoring())):
        wait_until(lambda: asked(lag) == Backlog(unread=0, lost=0), 120)
    put(settings, EMBEDDINGS, embeddings(20, sources=1))
    delete_before(settings, 10)
    assert asked(lag) == Backlog(unread=20, lost=6)
    handler = Scoring()
    with running(build(settings, handler)):
        wait_until(lambda: asked(lag) == Backlog(unread=0, lost=0), 120)
    assert [(first, last) for _, first, last in handler.gaps] == [(4, 9)]
    assert handler.seen == 14


def asked(lag: GroupLag) -> Backlog | None:
    """None while Kafka does not tell: a topic that was just made has no leader for a moment."""
    try:
        return lag.backlog()
    except TransientError:
        return None


def delete_before(settings: ServiceSettings, offset: int) -> None:
    """What retention does, in the one partition that has records."""
    name = settings.topic_prefix + EMBEDDINGS.name
    reader = KafkaBroker(settings).reader(EMBEDDINGS.name, "end")
    (number,) = (partition.number for partition, end in reader.ends.items() if end)
    reader.close()
    admin = AdminClient({"bootstrap.servers": settings.kafka_bootstrap})
    for future in admin.delete_records([TopicPartition(name, number, offset)]).values():
        future.result(60)
