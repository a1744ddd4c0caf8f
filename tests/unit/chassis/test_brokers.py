"""What a broker promises: one suite for Kafka and for the fake."""

import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field

import pytest

from schemas.embeddings import EmbeddingExtracted
from schemas.topics import EMBEDDINGS, POLICIES, SOURCES
from services.chassis.errors import InvalidMessage
from services.chassis.settings import ServiceSettings
from services.chassis.streaming.broker import Broker, GroupConsumer, Position, Rebalances
from services.chassis.streaming.compacted import CompactedView
from services.chassis.streaming.kafka import KafkaBroker
from services.chassis.streaming.memory import MemoryBroker
from services.chassis.streaming.records import Outgoing, Partition, Record, Verbatim
from tests.builders import embedding, source

TURNS = 600
"""Polls of 50 ms that a test waits at most."""


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.integration)])
def broker(request: pytest.FixtureRequest) -> Broker:
    """The topics of the registry, empty."""
    if request.param == "memory":
        return MemoryBroker([EMBEDDINGS, POLICIES, SOURCES], topic_prefix="t.")
    bootstrap, prefix = (request.getfixturevalue(one) for one in ("kafka", "topic_prefix"))
    return KafkaBroker(ServiceSettings(kafka_bootstrap=bootstrap, topic_prefix=prefix))


@dataclass
class Member:
    """A member of group `g` that keeps what happens to it."""

    broker: Broker
    consumer: GroupConsumer = field(init=False)
    own: set[Partition] = field(default_factory=set)
    revoked: list[Partition] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    starts: dict[Partition, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.consumer = self.broker.consumer("g")
        self.consumer.subscribe(
            [self.broker.topic_prefix + EMBEDDINGS.name],
            Rebalances(self._on_assigned, self._on_gone, self._on_gone),
        )

    def _on_assigned(self, partitions: Collection[Partition]) -> Mapping[Partition, int]:
        self.own.update(partitions)
        commits = self.consumer.committed(partitions)
        starts = {
            one: commits[one].offset if one in commits else self.consumer.bounds(one).first
            for one in partitions
        }
        self.starts.update(starts)
        return starts

    def _on_gone(self, partitions: Collection[Partition]) -> None:
        self.own.difference_update(partitions)
        self.revoked += partitions

    def poll(self) -> None:
        self.records += self.consumer.poll(100, 0.05)


@pytest.fixture
def member(broker: Broker) -> Iterator[Callable[[], Member]]:
    """Makes members; all are closed at the end."""
    members: list[Member] = []

    def make() -> Member:
        members.append(Member(broker))
        return members[-1]

    yield make
    for one in members:
        one.consumer.close()


def until(holds: Callable[[], bool], *members: Member) -> None:
    """Poll all in turn until it holds."""
    for _ in range(TURNS):
        if holds():
            return
        for one in members:
            one.poll()
    raise AssertionError("it did not happen")


def publish(broker: Broker, count: int, sources: int = 12, start: int = 0) -> None:
    publisher = broker.publisher("features")
    for n in range(start, start + count):
        message = embedding(n // sources, source_id=source(n % sources))
        publisher.publish(Outgoing(EMBEDDINGS, message))
    publisher.flush()


def commits(one: Member) -> dict[Partition, Position]:
    return one.consumer.committed(one.own)


def test_records_come_once_in_the_order_of_their_partition(
    broker: Broker, member: Callable[[], Member]
) -> None:
    publish(broker, 60)
    one = member()
    until(lambda: len(one.records) == 60, one)
    for partition in one.own:
        offsets = [record.offset for record in one.records if record.partition == partition]
        assert offsets == list(range(len(offsets)))


def test_a_record_keeps_key_value_and_headers(broker: Broker, member: Callable[[], Member]) -> None:
    publish(broker, 1)
    one = member()
    until(lambda: bool(one.records), one)
    (record,) = one.records
    assert record.key == str(source(0)).encode()
    assert record.headers["ce_type"] == EmbeddingExtracted.type_name().encode()


def test_a_poll_takes_at_most_what_is_asked(broker: Broker, member: Callable[[], Member]) -> None:
    publish(broker, 30)
    one = member()
    until(lambda: len(one.own) == 4, one)
    sizes = [len(one.consumer.poll(7, 0.05)) for _ in range(30)]
    assert max(sizes) <= 7


def test_a_commit_and_its_note_are_there_for_the_next_member(
    broker: Broker, member: Callable[[], Member]
) -> None:
    publish(broker, 24)
    one = member()
    until(lambda: len(one.records) == 24, one)
    place = one.records[-1].partition
    one.consumer.commit_now({place: Position(2, "a note")})
    assert commits(one) == {place: Position(2, "a note")}
    one.consumer.close()
    two = member()
    until(lambda: len(two.own) == 4, two)
    assert commits(two)[place] == Position(2, "a note")
    assert two.starts[place] == 2


def test_a_commit_in_the_background_arrives(broker: Broker, member: Callable[[], Member]) -> None:
    publish(broker, 12)
    one = member()
    until(lambda: len(one.records) == 12, one)
    place = one.records[0].partition
    one.consumer.commit({place: Position(1, "n")})
    until(lambda: commits(one) == {place: Position(1, "n")}, one)
    assert list(one.consumer.failed_commits()) == []


def test_a_second_member_takes_half_and_the_rest_stays_undisturbed(
    member: Callable[[], Member],
) -> None:
    one = member()
    until(lambda: len(one.own) == 4, one)
    two = member()
    until(lambda: len(one.own) == len(two.own) == 2, one, two)
    assert len(one.revoked) == 2
    assert not one.own & two.own


def test_when_a_member_leaves_the_other_takes_over_at_the_commit(
    broker: Broker, member: Callable[[], Member]
) -> None:
    publish(broker, 48)
    one, two = member(), member()
    until(lambda: len(one.own) == len(two.own) == 2, one, two)
    until(lambda: len(one.records) + len(two.records) >= 48, one, two)
    place = sorted(two.own)[0]
    two.consumer.commit_now({place: Position(1)})
    two.consumer.close()
    until(lambda: len(one.own) == 4, one)
    assert one.starts[place] == 1


def test_a_paused_member_gets_nothing_until_it_resumes(
    broker: Broker, member: Callable[[], Member]
) -> None:
    one = member()
    until(lambda: len(one.own) == 4, one)
    one.consumer.pause()
    publish(broker, 12)
    for _ in range(10):
        one.poll()
    assert one.records == []
    one.consumer.resume()
    until(lambda: len(one.records) == 12, one)


def test_a_member_goes_on_where_it_is_told(broker: Broker, member: Callable[[], Member]) -> None:
    one = member()
    until(lambda: len(one.own) == 4, one)
    publish(broker, 12)
    until(lambda: len(one.records) == 12, one)
    one.consumer.pause()
    publish(broker, 12, start=12)
    for _ in range(10):
        one.poll()
    ends = {partition: one.consumer.bounds(partition).end for partition in one.own}
    one.consumer.resume()
    one.consumer.seek(ends)
    publish(broker, 12, start=24)
    until(lambda: len(one.records) == 24, one)
    assert all(record.offset >= ends[record.partition] for record in one.records[12:])


def test_bounds_follow_what_is_written(broker: Broker, member: Callable[[], Member]) -> None:
    publish(broker, 24)
    one = member()
    until(lambda: len(one.own) == 4, one)
    bounds = [one.consumer.bounds(partition) for partition in one.own]
    assert {place.first for place in bounds} == {0}
    assert sum(place.end for place in bounds) == 24


@pytest.mark.parametrize(("start", "expected"), [("first", 18), ("end", 6)])
def test_a_reader_reads_all_partitions_from_where_it_is_told(
    broker: Broker, start: str, expected: int
) -> None:
    publish(broker, 12)
    reader = broker.reader(EMBEDDINGS.name, start)  # type: ignore[arg-type]
    assert sum(reader.ends.values()) == 12
    publish(broker, 6, start=12)
    found: list[Record] = []
    for _ in range(TURNS):
        found += reader.poll(100, 0.05)
        if len(found) == expected:
            break
    reader.close()
    assert len(found) == expected


def test_a_reader_of_a_key_reads_where_that_key_lies(broker: Broker) -> None:
    publish(broker, 12)
    key = str(source(3)).encode()
    reader = broker.reader(EMBEDDINGS.name, "first", key)
    found: list[Record] = []
    for _ in range(TURNS):
        found += reader.poll(100, 0.05)
        if len(found) == sum(reader.ends.values()):
            break
    reader.close()
    assert len(reader.ends) == 1
    assert key in {one.key for one in found}


def test_what_is_larger_than_its_topic_takes_is_an_invalid_message(broker: Broker) -> None:
    large = embedding(0, backbone="x" * EMBEDDINGS.max_message_bytes)
    with pytest.raises(InvalidMessage, match=r"1\.0 MiB is more than embeddings\.v1 takes"):
        broker.publisher("features").publish(Outgoing(EMBEDDINGS, large))


def test_bytes_lie_on_the_partition_of_their_key_as_they_are(broker: Broker) -> None:
    message = embedding(0)
    publisher = broker.publisher("test")
    publisher.publish(Outgoing(EMBEDDINGS, message))
    raw = Verbatim(EMBEDDINGS, message.key.encode(), b"\xc1 no message", {"mark": b"1"})
    publisher.publish_verbatim(raw)
    publisher.flush()
    reader = broker.reader(EMBEDDINGS.name, "first", message.key.encode())
    records: list[Record] = []
    for _ in range(TURNS):
        records += reader.poll(10, 0.05)
        if len(records) == 2:
            break
    reader.close()
    assert (records[1].key, records[1].value, dict(records[1].headers)) == (
        raw.key,
        raw.value,
        raw.headers,
    )


def test_a_view_is_ready_on_a_topic_without_a_record_and_sees_tombstones(broker: Broker) -> None:
    removed = threading.Event()
    view = CompactedView(broker, SOURCES)
    view.start()
    view.wait_ready()
    view.subscribe(lambda _, message: removed.set() if message is None else None)
    publisher = broker.publisher("api")
    publisher.publish(Outgoing(SOURCES, None, key=str(source(1))))
    publisher.flush()
    assert removed.wait(60)
    view.stop()


def test_whoever_leaves_in_the_middle_of_a_rebalance_asks_nothing_more(
    broker: Broker, member: Callable[[], Member]
) -> None:
    publish(broker, 24)
    one, other = member(), member()
    until(lambda: len(one.own) == len(other.own) == 2, one, other)
    one.consumer.close()
    asked = len(other.starts)
    other.consumer.close()
    assert len(other.starts) == asked
