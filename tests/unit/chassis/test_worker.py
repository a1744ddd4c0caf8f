"""The worker handles in order, retries, dead-letters, and moves positions on."""

import threading
from collections.abc import Iterable, Sequence
from datetime import datetime
from threading import Event

import pytest

from schemas.deadletters import DeadLetter
from schemas.topics import CLIPS_BULK, EMBEDDINGS, dead_letters
from services.chassis.clock import ManualClock
from services.chassis.errors import InvalidMessage, TransientError
from services.chassis.streaming.deadletters import DeadLetterLimit, DeadLetterLimitExceeded
from services.chassis.streaming.handler import Cancelled, Handler
from services.chassis.streaming.inbox import Entry, Gap, Item, Rejected
from services.chassis.streaming.positions import Note, Positions
from services.chassis.streaming.publisher import MemoryPublisher
from services.chassis.streaming.records import Incoming, Outgoing, Partition, Record
from services.chassis.streaming.rejections import Member
from services.chassis.streaming.worker import Limits, Worker
from tests.builders import clip, embedding

P0 = Partition(CLIPS_BULK.name, 0)
P1 = Partition(CLIPS_BULK.name, 1)
TEN = Limits(batch_records=10)


class Embedding(Handler):
    """Answers every clip with an embedding, and can be told to fail."""

    def __init__(self, failures: Sequence[Exception] = (), poison: int | None = None) -> None:
        self.failures, self.poison = list(failures), poison
        self.batches: list[list[int]] = []
        self.settled = 0
        self.holding: dict[Partition, int] = {}
        self.gaps: list[tuple[int, int]] = []
        self.ticks: list[datetime] = []

    def handle(self, batch: Sequence[Incoming], cancelled: Event) -> Iterable[Outgoing]:
        offsets = [item.record.offset for item in batch]
        self.batches.append(offsets)
        if self.failures:
            raise self.failures.pop(0)
        if self.poison in offsets:
            raise InvalidMessage("poison")
        for item in batch:
            yield Outgoing(EMBEDDINGS, embedding(item.record.offset))

    def tick(self, now: datetime) -> Iterable[Outgoing]:
        self.ticks.append(now)
        yield Outgoing(EMBEDDINGS, embedding(1000 + len(self.ticks)))

    def settle(self) -> None:
        self.settled += 1

    def held(self) -> dict[Partition, int]:
        return self.holding

    def lost(self, partition: Partition, first: int, last: int) -> None:
        self.gaps.append((first, last))


def entry(offset: int, partition: Partition = P0, item: Item | None = None) -> Entry:
    record = Record(partition, offset, b"k", b"v")
    found = item or Incoming(record, clip(offset))
    return Entry(partition, offset, offset + 1, lambda: found, record)


def rejected(offset: int, owned: bool = True) -> Entry:
    return entry(offset, item=Rejected(Record(P0, offset, b"key", b"\xc1"), "no", owned))


class Bench:
    """A worker whose thread is the test's own."""

    def __init__(
        self, handler: Handler, limits: Limits = TEN, positions: Positions | None = None
    ) -> None:
        self.publisher, self.positions = MemoryPublisher(), positions or started_positions()
        member = Member({CLIPS_BULK.name: CLIPS_BULK}, "features.i3d.bulk")
        self.clock = ManualClock()
        self.worker = Worker(member, handler, self.publisher, self.positions, limits, self.clock)

    def work(self, *entries: Entry) -> "Bench":
        """Handle them all; raises what ends the worker."""
        self.worker.inbox.put(entries)
        while len(self.worker.inbox):
            self.worker.turn()
        return self

    def letters(self) -> list[DeadLetter]:
        found = self.publisher.messages(dead_letters(CLIPS_BULK))
        return [letter for letter in found if isinstance(letter, DeadLetter)]

    def committable(self) -> dict[Partition, int]:
        return {one: place.offset for one, place in self.positions.uncommitted().items()}


def started_positions(note: Note = Note()) -> Positions:
    """Both partitions at offset 0, which is committed already."""
    positions = Positions()
    for partition in (P0, P1):
        positions.begin(partition, 0, note)
    positions.uncommitted()
    return positions


def test_outputs_keep_the_order_and_everything_handled_may_be_committed() -> None:
    bench = Bench(Embedding()).work(entry(0), entry(1), entry(0, P1))
    assert [out.message for out in bench.publisher.published] == [
        embedding(0),
        embedding(1),
        embedding(0),
    ]
    assert bench.committable() == {P0: 2, P1: 1}
    assert bench.committable() == {}


def test_what_the_handler_holds_is_not_committed_but_the_note_says_how_far_it_is() -> None:
    handler = Embedding()
    handler.holding = {P0: 1}
    bench = Bench(handler).work(entry(0), entry(1))
    position = bench.positions.uncommitted()[P0]
    assert position.offset == 1
    assert Note.unpack(position.note).done == 2


def test_a_hold_that_ends_lets_the_commit_go_on_without_a_record() -> None:
    handler = Embedding()
    handler.holding = {P0: 1}
    bench = Bench(handler, Limits(batch_records=10, tick_s=1)).work(entry(0), entry(1))
    bench.positions.uncommitted()
    handler.holding = {}
    bench.clock.wait(1, Event())
    bench.worker.turn()
    assert bench.committable() == {P0: 2}


def test_ticks_come_by_the_clock_and_their_outputs_are_settled() -> None:
    handler = Embedding()
    bench = Bench(handler, Limits(tick_s=1))
    for _ in range(3):
        bench.clock.wait(1, Event())
        bench.worker.turn()
    assert [(tick - handler.ticks[0]).total_seconds() for tick in handler.ticks] == [0, 1, 2]
    assert handler.settled == 3
    assert len(bench.publisher.published) == 3


def test_a_tick_comes_between_batches_however_much_waits() -> None:
    handler = Embedding()
    bench = Bench(handler, Limits(batch_records=1, tick_s=1))
    bench.worker.inbox.put(entry(n) for n in range(100))
    bench.clock.wait(1, Event())
    bench.worker.turn()
    assert len(handler.ticks) == 1


def test_a_transient_failure_is_tried_again_with_the_whole_batch() -> None:
    handler = Embedding(failures=[TransientError("away"), TransientError("away")])
    bench = Bench(handler).work(entry(0), entry(1))
    assert handler.batches == [[0, 1]] * 3
    assert handler.settled == 1
    assert len(bench.publisher.published) == 2
    assert bench.committable() == {P0: 2}


def test_patience_ends_and_the_commit_stays_where_it_is() -> None:
    handler = Embedding(failures=[TransientError("away")] * 4)
    bench = Bench(handler, Limits(max_retries=3))
    with pytest.raises(TransientError):
        bench.work(entry(0))
    assert handler.settled == 0
    assert bench.committable() == {P0: 0}


def test_an_invalid_record_in_a_batch_is_found_and_dead_lettered_alone() -> None:
    handler = Embedding(poison=1)
    bench = Bench(handler).work(entry(0), entry(1), entry(2))
    assert handler.batches == [[0, 1, 2], [0], [1], [2]]
    assert [(letter.offset, letter.reason) for letter in bench.letters()] == [(1, "poison")]
    assert bench.committable() == {P0: 3}


@pytest.mark.parametrize(("owned", "letters"), [(True, 1), (False, 0)])
def test_only_the_owner_writes_an_undecodable_record_down(owned: bool, letters: int) -> None:
    bench = Bench(Embedding()).work(rejected(0, owned), entry(1))
    assert len(bench.letters()) == letters
    assert bench.committable() == {P0: 2}


def test_a_dead_letter_keeps_the_bytes_and_where_they_stood() -> None:
    (letter,) = Bench(Embedding()).work(rejected(7)).letters()
    assert (letter.record_key, letter.record_value) == (b"key", b"\xc1")
    assert (letter.topic, letter.partition, letter.offset) == (CLIPS_BULK.name, 0, 7)


def test_what_was_dead_lettered_in_an_earlier_life_is_not_again() -> None:
    bench = Bench(Embedding(), positions=started_positions(Note(done=5)))
    bench.work(rejected(4), rejected(5))
    assert [letter.offset for letter in bench.letters()] == [5]


class CancelledOnce(Embedding):
    """Is cancelled once, at the end of the batch of that number."""

    def __init__(self, at_batch: int, poison: int | None = None) -> None:
        super().__init__(poison=poison)
        self._at_batch = at_batch

    def handle(self, batch: Sequence[Incoming], cancelled: Event) -> Iterable[Outgoing]:
        yield from super().handle(batch, cancelled)
        if len(self.batches) == self._at_batch:
            raise Cancelled


@pytest.mark.parametrize(
    ("handler", "letters"),
    [(CancelledOnce(at_batch=1), [0]), (CancelledOnce(at_batch=3, poison=1), [1, 0])],
)
def test_a_cancelled_batch_writes_its_dead_letters_once(
    handler: CancelledOnce, letters: list[int]
) -> None:
    bench = Bench(handler).work(rejected(0), entry(1), entry(2))
    assert [letter.offset for letter in bench.letters()] == letters
    assert bench.committable() == {P0: 3}


def test_too_many_invalid_records_in_a_row_stop_the_service() -> None:
    limits = Limits(dead_letters=DeadLetterLimit(max_consecutive=3))
    with pytest.raises(DeadLetterLimitExceeded):
        Bench(Embedding(), limits).work(*map(rejected, range(5)))


def test_a_restart_does_not_begin_to_count_anew() -> None:
    limits = Limits(dead_letters=DeadLetterLimit(max_consecutive=3))
    first = Bench(Embedding(), limits).work(*map(rejected, range(3)))
    note = Note.unpack(first.positions.uncommitted()[P0].note)
    again = Bench(Embedding(), limits, started_positions(note))
    with pytest.raises(DeadLetterLimitExceeded):
        again.work(rejected(3))
    assert again.letters() == []


def test_what_kafka_deleted_is_reported_before_what_follows_and_committed_over() -> None:
    handler = Embedding()
    gap = Entry(P0, 0, 40, lambda: Gap(0, 39))
    bench = Bench(handler).work(gap)
    assert handler.gaps == [(0, 39)]
    assert bench.committable() == {P0: 40}


def test_a_bug_stops_the_worker_and_reaches_the_polling_thread() -> None:
    bench = Bench(Embedding(failures=[ZeroDivisionError()]))
    bench.worker.start()
    bench.worker.inbox.put([entry(0)])
    bench.worker._thread.join(60)
    assert bench.worker.failed
    with pytest.raises(ZeroDivisionError):
        bench.worker.raise_failure()
    (position,) = bench.positions.uncommitted().values()
    assert position.offset == 0
    strike = Note.unpack(position.note).strike
    assert strike is not None
    assert strike.covers(0)


class LongJob(Handler):
    """Works until it is cancelled, the second time it finishes at once."""

    def __init__(self) -> None:
        self.started, self.finished = threading.Event(), threading.Event()
        self.release = threading.Event()
        self.forgotten: list[Partition] = []
        self.turns: list[Partition] = []

    def handle(self, batch: Sequence[Incoming], cancelled: Event) -> Iterable[Outgoing]:
        self.turns.append(batch[0].record.partition)
        self.started.set()
        while not self.release.is_set():
            if cancelled.wait(0.001):
                raise Cancelled
        return []

    def forget(self, partitions: Iterable[Partition]) -> None:
        self.forgotten += partitions

    def settle(self) -> None:
        self.finished.set()


@pytest.fixture
def long_job() -> Iterable[tuple[LongJob, Bench]]:
    job = LongJob()
    bench = Bench(job, Limits(batch_records=1))
    bench.worker.start()
    bench.worker.inbox.put([entry(0, P0)])
    assert job.started.wait(60)
    yield job, bench
    bench.worker.stop()


def test_a_long_job_of_a_partition_that_stays_is_not_disturbed(
    long_job: tuple[LongJob, Bench],
) -> None:
    job, bench = long_job
    bench.worker.inbox.put([entry(0, P1)])
    bench.worker.leave({P1})
    assert job.turns == [P0]
    assert job.forgotten == []
    job.release.set()
    assert job.finished.wait(60)
    bench.worker.stop()
    assert job.turns == [P0]
    assert bench.committable() == {P0: 1}


def test_a_long_job_of_a_partition_that_goes_is_cancelled_and_forgotten(
    long_job: tuple[LongJob, Bench],
) -> None:
    job, bench = long_job
    bench.worker.leave({P0})
    job.release.set()
    bench.worker.inbox.put([entry(0, P1)])
    assert job.finished.wait(60)
    assert job.turns == [P0, P1]
    assert job.forgotten == [P0]
