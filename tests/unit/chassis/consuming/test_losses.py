"""What Kafka deleted before it was read, or made anew, is noticed and reported."""

from threading import Event

from schemas.embeddings import EmbeddingExtracted
from schemas.topics import EMBEDDINGS, SCORES
from services.chassis.streaming.memory import MemoryBroker
from services.chassis.streaming.worker import Limits
from tests.unit.chassis.consuming.harness import (
    GROUP,
    Scoring,
    loop,
    put_embeddings,
    running,
    until_read,
)


def test_what_retention_deleted_before_the_start_is_reported(broker: MemoryBroker) -> None:
    with running(loop(broker, Scoring())):
        put_embeddings(broker, 3, sources=1)
        until_read(broker)
    put_embeddings(broker, 20, sources=1, start=3)
    (partition,) = {one.partition for one in broker.records(EMBEDDINGS)}
    broker.delete_before(partition, 10)
    handler = Scoring()
    with running(loop(broker, handler)):
        until_read(broker)
    assert handler.gaps == [(partition, 3, 9)]
    assert [index for _, index in handler.taken] == list(range(10, 23))


def test_when_everything_unread_is_gone_the_group_still_moves_on(broker: MemoryBroker) -> None:
    with running(loop(broker, Scoring())):
        put_embeddings(broker, 3, sources=1)
        until_read(broker)
    put_embeddings(broker, 5, sources=1, start=3)
    (partition,) = {one.partition for one in broker.records(EMBEDDINGS)}
    broker.delete_before(partition, 8)
    handler = Scoring()
    with running(loop(broker, handler)):
        until_read(broker)
    assert handler.gaps == [(partition, 3, 7)]


def test_what_retention_deletes_ahead_of_a_slow_reader_is_reported(broker: MemoryBroker) -> None:
    started, release = Event(), Event()

    def wait(_: EmbeddingExtracted) -> None:
        started.set()
        assert release.wait(60)

    handler = Scoring(wait)
    put_embeddings(broker, 40, sources=1)
    with running(loop(broker, handler, Limits(batch_records=1, queue_records=1))):
        assert started.wait(60)
        (partition,) = {one.partition for one in broker.records(EMBEDDINGS)}
        broker.delete_before(partition, 30)
        release.set()
        until_read(broker)
    ((_, first, last),) = handler.gaps
    assert (first, last) == (len(handler.taken) - 10, 29)


def test_a_group_commits_where_it_begins_even_if_nothing_comes(broker: MemoryBroker) -> None:
    with running(loop(broker, Scoring())):
        broker.wait_until(lambda: len(broker.committed(GROUP)) == 4)


def test_a_topic_made_anew_is_read_from_its_start(broker: MemoryBroker) -> None:
    put_embeddings(broker, 9, sources=1)
    with running(loop(broker, Scoring())):
        until_read(broker)
    for partition in broker.partitions(EMBEDDINGS.name):
        broker.logs[partition].__init__()  # type: ignore[misc]
    handler = Scoring()
    put_embeddings(broker, 4, sources=1)
    with running(loop(broker, handler)):
        broker.wait_until(lambda: len(broker.messages(SCORES)) == 13)
    assert handler.again == []
