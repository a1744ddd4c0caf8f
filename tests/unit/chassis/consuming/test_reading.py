"""The consume loop reads, prepares, batches and commits: in order, all of it."""

import dataclasses
import threading
from collections.abc import Iterable, Sequence
from threading import Event
from typing import Any

import pytest

from schemas.base import Message
from schemas.embeddings import EmbeddingExtracted
from schemas.sources import SourceConfigured
from schemas.topics import EMBEDDINGS, SCORES, SOURCES, dead_letters
from services.chassis.errors import InvalidMessage, TransientError
from services.chassis.streaming.consumer import ConsumeLoop
from services.chassis.streaming.handler import Handler
from services.chassis.streaming.memory import MemoryBroker
from services.chassis.streaming.records import Incoming, Outgoing
from services.chassis.streaming.worker import Limits
from tests.builders import embedding, source
from tests.unit.chassis.consuming.harness import (
    QUICK,
    Scoring,
    indexes_by_source,
    loop,
    put,
    put_embeddings,
    running,
    until_read,
)


def test_every_record_is_answered_in_the_order_of_its_key(broker: MemoryBroker) -> None:
    put_embeddings(broker, 90)
    with running(loop(broker, Scoring())):
        until_read(broker)
    assert indexes_by_source(broker.messages(SCORES)) == {
        str(source(n)): list(range(30)) for n in range(3)
    }


@pytest.mark.parametrize("sources", [1, 50, 500])
def test_whatever_the_number_of_sources_everything_is_read_and_committed(
    broker: MemoryBroker, sources: int
) -> None:
    put_embeddings(broker, 2 * sources, sources)
    with running(loop(broker, Scoring(), Limits(batch_records=64, queue_records=256))):
        until_read(broker)
    assert len(broker.messages(SCORES)) == 2 * sources


def test_a_failed_commit_is_tried_again(broker: MemoryBroker) -> None:
    broker.fail("commit", TransientError("away"), TransientError("away"))
    put_embeddings(broker, 4)
    with running(loop(broker, Scoring())):
        until_read(broker)


def test_ticks_come_while_nothing_else_does(broker: MemoryBroker) -> None:
    handler = Scoring()
    with running(loop(broker, handler)):
        assert handler.ticked.wait(60)


class Preparing(Handler):
    """Prepares in threads, out of order; refuses every seventh."""

    def __init__(self, threads: int) -> None:
        self._all_at_once = threading.Barrier(threads)
        self.prepared: list[Any] = []

    def prepare(self, message: Message) -> int:
        assert isinstance(message, EmbeddingExtracted)
        self._all_at_once.wait(60)
        index = message.clips[0].index
        if index % 7 == 6:
            raise InvalidMessage("a seventh")
        return index

    def handle(self, batch: Sequence[Incoming], cancelled: Event) -> Iterable[Outgoing]:
        self.prepared += [item.prepared for item in batch]
        return ()


def test_records_are_prepared_by_several_threads_at_once_and_handled_in_order(
    broker: MemoryBroker,
) -> None:
    handler = Preparing(threads=4)
    put_embeddings(broker, 40, sources=1)
    with running(loop(broker, handler, Limits(batch_records=8, prepare_threads=4))):
        until_read(broker)
    assert handler.prepared == [n for n in range(40) if n % 7 != 6]
    assert len(broker.messages(dead_letters(EMBEDDINGS))) == 5


def test_a_batch_waits_for_more_up_to_the_stated_time(broker: MemoryBroker) -> None:
    sizes: list[int] = []

    class Sizes(Handler):
        def handle(self, batch: Sequence[Incoming], cancelled: Event) -> Iterable[Outgoing]:
            sizes.append(len(batch))
            return ()

    patient = Limits(batch_records=10, batch_wait_s=30, tick_s=60)
    with running(loop(broker, Sizes(), patient)):
        put_embeddings(broker, 4)
        put_embeddings(broker, 6, start=4)
        until_read(broker)
    assert sizes == [10]


def test_a_tombstone_of_a_compacted_topic_comes_without_a_message(broker: MemoryBroker) -> None:
    seen: list[tuple[bytes | None, Message | None]] = []

    class Sources(Handler):
        def handle(self, batch: Sequence[Incoming], cancelled: Event) -> Iterable[Outgoing]:
            seen.extend((item.record.key, item.message) for item in batch)
            return ()

    publisher = broker.publisher("api")
    publisher.publish(Outgoing(SOURCES, None, key=str(source(1))))
    with running(ConsumeLoop(broker, "ingest.sources", [SOURCES], Sources(), publisher, QUICK)):
        broker.wait_until(lambda: broker.lag("ingest.sources", SOURCES) == 0)
    assert seen == [(str(source(1)).encode(), None)]


def test_only_compacted_topics_have_tombstones() -> None:
    with pytest.raises(ValueError, match="tombstone"):
        Outgoing(SCORES, None, key="k")
    assert SourceConfigured in SOURCES.messages


def test_kafka_away_at_the_start_is_a_transient_error(broker: MemoryBroker) -> None:
    broker.fail("ask", TransientError("Kafka does not answer"))
    with pytest.raises(TransientError, match="does not answer"):
        loop(broker, Scoring()).run()


def test_duplicates_on_the_log_are_handled_like_any_record(broker: MemoryBroker) -> None:
    handler = Scoring()
    put(broker, embedding(0), embedding(0), embedding(1))
    with running(loop(broker, handler)):
        until_read(broker)
    assert [index for _, index in handler.taken] == [0, 0, 1]


def test_a_group_may_begin_at_the_end_of_the_log_and_goes_on_from_its_commit(
    broker: MemoryBroker,
) -> None:
    put_embeddings(broker, 30)
    latest = dataclasses.replace(QUICK, start="end")
    first = Scoring()
    with running(loop(broker, first, latest)) as consume:
        broker.wait_until(lambda: consume.ready)
        put_embeddings(broker, 60, start=30)
        broker.wait_until(lambda: len(first.taken) == 60)
    put_embeddings(broker, 15, start=90)
    second = Scoring()
    with running(loop(broker, second, latest)):
        broker.wait_until(lambda: len(second.taken) == 15)
    assert {index for _, index in first.taken} == set(range(10, 30))
    assert {index for _, index in second.taken} == set(range(30, 35))
