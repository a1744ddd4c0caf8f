"""The consume loop on the fake broker: laws of safety and of progress, in milliseconds."""

import dataclasses
import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from schemas.base import Message
from schemas.codec import encode
from schemas.deadletters import DeadLetter
from schemas.embeddings import EmbeddingExtracted
from schemas.scores import ClipScored
from schemas.sources import SourceConfigured
from schemas.topics import EMBEDDINGS, SCORES, SOURCES, dead_letters
from services.chassis.errors import InvalidMessage, TransientError
from services.chassis.streaming.broker import Broker
from services.chassis.streaming.consumer import ConsumeLoop
from services.chassis.streaming.deadletters import DeadLetterLimitExceeded
from services.chassis.streaming.handler import Cancelled, Handler
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


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker([EMBEDDINGS, SCORES, SOURCES])


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


def fail_at(index: int, error: Exception) -> Callable[[EmbeddingExtracted], None]:
    def fail(message: EmbeddingExtracted) -> None:
        if message.clips[0].index == index:
            raise error

    return fail


def test_a_bug_commits_nothing_of_its_batch_and_a_restart_goes_on(broker: MemoryBroker) -> None:
    put_embeddings(broker, 30, sources=1)
    with pytest.raises(ZeroDivisionError):
        loop(broker, Scoring(fail_at(10, ZeroDivisionError()))).run()
    assert 0 < broker.lag(GROUP, EMBEDDINGS) <= 30 - 8
    with running(loop(broker, Scoring())):
        until_read(broker)
    found = indexes_by_source(broker.messages(SCORES))[str(source(0))]
    assert sorted(set(found)) == list(range(30))
    assert len(found) <= 30 + QUICK.batch_records


def test_a_record_that_takes_the_service_down_twice_is_put_aside(broker: MemoryBroker) -> None:
    put_embeddings(broker, 30, sources=1)
    poison = fail_at(10, ZeroDivisionError("by this record"))
    with pytest.raises(ZeroDivisionError):
        loop(broker, Scoring(poison)).run()
    with running(loop(broker, Scoring(poison))):
        until_read(broker)
    (letter,) = broker.messages(dead_letters(EMBEDDINGS))
    assert isinstance(letter, DeadLetter)
    assert letter.reason == "took the service down twice: ZeroDivisionError: by this record"
    found = indexes_by_source(broker.messages(SCORES))[str(source(0))]
    assert sorted(set(found)) == [n for n in range(30) if n != 10]


IMPATIENT = Limits(
    batch_records=4, queue_records=16, max_retries=1, backoff_s=0.001, max_backoff_s=0.001
)


def test_a_permanent_error_taken_for_a_transient_one_stops_only_its_record(
    broker: MemoryBroker,
) -> None:
    def fail(message: EmbeddingExtracted) -> None:
        if message.source_id == source(1) and message.clips[0].index == 2:
            raise TransientError("the store does not answer")

    put_embeddings(broker, 30)
    with pytest.raises(TransientError):
        loop(broker, Scoring(fail), IMPATIENT).run()
    with running(loop(broker, Scoring(fail), IMPATIENT)):
        until_read(broker)
    (letter,) = broker.messages(dead_letters(EMBEDDINGS))
    assert isinstance(letter, DeadLetter)
    assert letter.reason == "took the service down twice: TransientError: the store does not answer"


def test_an_outage_puts_nothing_aside_however_often_the_service_goes_down(
    broker: MemoryBroker,
) -> None:
    def fail(_: EmbeddingExtracted) -> None:
        raise TransientError("the store does not answer")

    put_embeddings(broker, 30)
    for _ in range(5):
        with pytest.raises(TransientError):
            loop(broker, Scoring(fail), IMPATIENT).run()
    assert broker.messages(dead_letters(EMBEDDINGS)) == []
    with running(loop(broker, Scoring())):
        until_read(broker)
    assert {
        key: sorted(set(seen)) for key, seen in indexes_by_source(broker.messages(SCORES)).items()
    } == {str(source(n)): list(range(10)) for n in range(3)}


def test_another_bug_at_the_same_record_is_another_matter(broker: MemoryBroker) -> None:
    put_embeddings(broker, 3, sources=1)
    for text in ("first", "second"):
        with pytest.raises(ZeroDivisionError):
            loop(broker, Scoring(fail_at(1, ZeroDivisionError(text)))).run()
    assert broker.messages(dead_letters(EMBEDDINGS)) == []


def test_a_bug_that_every_record_meets_drains_no_topic(broker: MemoryBroker) -> None:
    put_embeddings(broker, 50, sources=1)

    def broken(_: EmbeddingExtracted) -> None:
        raise ZeroDivisionError("a bad deploy")

    for _ in range(20):
        with pytest.raises((ZeroDivisionError, DeadLetterLimitExceeded)):
            loop(broker, Scoring(broken)).run()
    assert len(broker.messages(dead_letters(EMBEDDINGS))) <= 3


def test_a_record_that_kills_the_process_is_put_aside_after_three_deaths(tmp_path: Path) -> None:
    broker = MemoryBroker([EMBEDDINGS, SCORES], state_dir=tmp_path)
    put_embeddings(broker, 30, sources=1)
    for _ in range(3):
        die_at(broker, index=10)
    with running(loop(broker, Scoring(fail_at(10, AssertionError("met again"))))):
        until_read(broker)
    (letter,) = broker.messages(dead_letters(EMBEDDINGS))
    assert isinstance(letter, DeadLetter)
    assert letter.reason == "3 processes died without a word while handling it"
    assert len(indexes_by_source(broker.messages(SCORES))[str(source(0))]) >= 29


def die_at(broker: MemoryBroker, index: int) -> None:
    """A member is handling that record when its process ends: no except, no finally."""
    at_work, never = Event(), Event()

    def hang(message: EmbeddingExtracted) -> None:
        if message.clips[0].index == index:
            at_work.set()
            never.wait()

    one = FixedBroker(broker)
    consume = loop(one, Scoring(hang))
    thread = threading.Thread(target=consume.run, daemon=True)
    consume._worker._thread.daemon = True
    thread.start()
    assert at_work.wait(60)
    consume._worker._marker.close()  # type: ignore[attr-defined]  # as the kernel does
    one.members[0].kill()


def test_a_kill_between_produce_and_commit_repeats_but_loses_nothing(broker: MemoryBroker) -> None:
    put_embeddings(broker, 40)
    one = FixedBroker(broker)
    broker.fail("commit", *[TransientError("away")] * 1000)
    with running(loop(one, Scoring())):
        broker.wait_until(lambda: len(broker.messages(SCORES)) == 40)
        one.members[0].kill()
    broker._failures.clear()
    with running(loop(broker, Scoring())):
        until_read(broker)
    found = indexes_by_source(broker.messages(SCORES))
    assert {key: sorted(set(seen)) for key, seen in found.items()} == {
        str(source(n)): list(range(14 if n == 0 else 13)) for n in range(3)
    }


def test_a_failed_commit_is_tried_again(broker: MemoryBroker) -> None:
    broker.fail("commit", TransientError("away"), TransientError("away"))
    put_embeddings(broker, 4)
    with running(loop(broker, Scoring())):
        until_read(broker)


class Holding(Scoring):
    """Holds the first record of each partition for ever, so every start sees all again."""

    def held(self) -> dict[Partition, int]:
        return {Partition(EMBEDDINGS.name, number): 0 for number in range(4)}


def test_after_a_restart_what_was_done_comes_again_and_is_not_answered_twice(
    broker: MemoryBroker,
) -> None:
    put_embeddings(broker, 12)
    first = Holding()
    with running(loop(broker, first)):
        broker.wait_until(lambda: len(broker.messages(SCORES)) == 12)
    second = Holding()
    put_embeddings(broker, 3, start=12)
    with running(loop(broker, second)):
        broker.wait_until(lambda: len(broker.messages(SCORES)) == 15)
    assert sorted(second.again) == sorted(first.taken)
    assert len(second.taken) == 3


def test_after_a_takeover_too(broker: MemoryBroker) -> None:
    put_embeddings(broker, 12)
    dying, heir = FixedBroker(broker), Holding()
    first = Holding()
    with running(loop(dying, first)):
        broker.wait_until(lambda: noted_as_done(broker) == 12)
        with running(loop(broker, heir)):
            dying.members[0].kill()
            broker.wait_until(lambda: len(heir.again) == 12)
    assert heir.taken == []
    assert len(broker.messages(SCORES)) == 12


def noted_as_done(broker: MemoryBroker) -> int:
    from services.chassis.streaming.positions import Note

    return sum(Note.unpack(one.note).done for one in broker.committed(GROUP).values())


def test_a_second_member_takes_part_of_the_work_and_nothing_is_lost(broker: MemoryBroker) -> None:
    one, two = Scoring(), Scoring()
    with running(loop(broker, one)):
        put_embeddings(broker, 60, sources=12)
        with running(loop(broker, two)):
            put_embeddings(broker, 60, sources=12, start=60)
            until_read(broker)
    found = indexes_by_source(broker.messages(SCORES))
    assert {key: sorted(set(seen)) for key, seen in found.items()} == {
        str(source(n)): list(range(10)) for n in range(12)
    }


def test_a_member_that_was_expelled_comes_back_and_goes_on(broker: MemoryBroker) -> None:
    one = FixedBroker(broker)
    with running(loop(one, Scoring())) as consume:
        broker.wait_until(lambda: consume.ready)
        one.members[0].expel()
        put_embeddings(broker, 12)
        until_read(broker)
    found = indexes_by_source(broker.messages(SCORES))
    assert {key: sorted(set(seen)) for key, seen in found.items()} == {
        str(source(n)): list(range(4)) for n in range(3)
    }


class HandingOver(Scoring):
    """Notes what it had to hand over."""

    def __init__(self) -> None:
        super().__init__()
        self.handed_over: list[Partition] = []

    def hand_over(self, partitions: Collection[Partition]) -> None:
        self.handed_over += partitions


def test_what_comes_back_after_an_outage_was_never_handed_over(broker: MemoryBroker) -> None:
    """Cameras are watched on while Kafka is away."""
    one, handler = FixedBroker(broker), HandingOver()
    with running(loop(one, handler)) as consume:
        broker.wait_until(lambda: consume.ready)
        one.members[0].expel()
        put_embeddings(broker, 12)
        until_read(broker)
        assert handler.handed_over == []
    assert len(handler.handed_over) == len(set(handler.handed_over)) > 0


def test_what_moved_during_an_outage_is_handed_over_once_that_is_known(
    broker: MemoryBroker,
) -> None:
    """Of four partitions the one that was cut off gets back what the other had before."""
    cut_off, handler = FixedBroker(broker), HandingOver()
    with running(loop(cut_off, handler)), running(loop(broker, Scoring())) as other:
        broker.wait_until(lambda: other.ready and len(owned(broker, cut_off)) == 2)
        before = owned(broker, cut_off)
        handed_over_before = set(handler.handed_over)
        cut_off.members[0].expel(is_cut_off=True)
        put_embeddings(broker, 24, sources=12)
        until_read(broker)
        assert set(handler.handed_over) == handed_over_before
        cut_off.members[0].reconnect()
        broker.wait_until(lambda: len(owned(broker, cut_off)) == 2)
        moved = before - owned(broker, cut_off)
        broker.wait_until(lambda: moved <= set(handler.handed_over))
    assert moved


def owned(broker: MemoryBroker, of: FixedBroker) -> set[Partition]:
    return broker.owned_by(GROUP, of.members[0])


def test_what_another_member_gets_is_handed_over_first(broker: MemoryBroker) -> None:
    handler = HandingOver()
    with running(loop(broker, handler)) as consume:
        broker.wait_until(lambda: consume.ready)
        with running(loop(broker, Scoring())) as other:
            broker.wait_until(lambda: other.ready)
            put_embeddings(broker, 12)
            until_read(broker)
            assert handler.handed_over


class LongJob(Handler):
    """Works on its first record until the test lets it go on."""

    def __init__(self) -> None:
        self.started, self.release = Event(), Event()
        self.cancelled = 0

    def handle(self, batch: Sequence[Incoming], cancelled: Event) -> Iterable[Outgoing]:
        self.started.set()
        while not self.release.is_set():
            if cancelled.wait(0.001):
                self.cancelled += 1
                raise Cancelled
        return ()


def test_a_long_job_survives_the_rebalance_when_its_partition_stays(broker: MemoryBroker) -> None:
    """Of four partitions the first two stay: keys are chosen to lie there."""
    job = LongJob()
    limits = Limits(batch_records=1, tick_s=0.01)
    stays = next(n for n in range(100) if partition_of(broker, n) == 0)
    put(broker, embedding(0, source_id=source(stays)))
    with running(loop(broker, job, limits)):
        assert job.started.wait(60)
        with running(loop(broker, LongJob(), limits)) as second:
            broker.wait_until(lambda: second.ready)
            assert job.cancelled == 0
            job.release.set()
            until_read(broker)


def partition_of(broker: MemoryBroker, number: int) -> int:
    import zlib

    return zlib.crc32(str(source(number)).encode()) % len(broker.partitions(EMBEDDINGS.name))


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
