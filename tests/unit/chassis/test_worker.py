"""The worker handles in order, retries, dead-letters, and says how far it may be committed."""

import threading
from collections.abc import Iterable, Sequence
from threading import Event

import pytest

from schemas.deadletters import DeadLetter
from schemas.topics import CLIPS_BULK, EMBEDDINGS, dead_letters
from services.chassis.clock import ManualClock
from services.chassis.errors import InvalidMessage, TransientError
from services.chassis.streaming.deadletters import DeadLetterLimit, DeadLetterLimitExceeded
from services.chassis.streaming.handler import Cancelled, Handler
from services.chassis.streaming.inbox import Item, Rejected
from services.chassis.streaming.publisher import MemoryPublisher
from services.chassis.streaming.records import Incoming, Outgoing, Partition, Record
from services.chassis.streaming.worker import Limits, Member, Worker
from tests.builders import clip, embedding

P0 = Partition(CLIPS_BULK.name, 0)
P1 = Partition(CLIPS_BULK.name, 1)


class Embedding(Handler):
    """Answers every clip with an embedding, and can be told to fail."""

    def __init__(self, failures: Sequence[Exception] = (), poison: int | None = None) -> None:
        self.failures, self.poison = list(failures), poison
        self.batches: list[list[int]] = []
        self.settled = 0
        self.holding: dict[Partition, int] = {}
        self.handled = threading.Semaphore(0)

    def handle(self, batch: Sequence[Incoming], cancelled: Event) -> Iterable[Outgoing]:
        offsets = [item.record.offset for item in batch]
        self.batches.append(offsets)
        if self.failures:
            raise self.failures.pop(0)
        if self.poison in offsets:
            raise InvalidMessage("poison")
        for item in batch:
            yield Outgoing(EMBEDDINGS, embedding(item.record.offset))

    def settle(self) -> None:
        self.settled += 1
        self.handled.release()

    def held(self) -> dict[Partition, int]:
        return self.holding


def item(offset: int, partition: Partition = P0) -> Incoming:
    return Incoming(Record(partition, offset, b"k", b"v"), clip(offset))


def work(
    handler: Handler, items: Sequence[Item], limits: Limits = Limits(batch_records=10)
) -> tuple[Worker, MemoryPublisher]:
    """Let a worker take everything, then stop it."""
    publisher = MemoryPublisher()
    topics = {CLIPS_BULK.name: CLIPS_BULK}
    worker = Worker(Member(topics, "features"), handler, publisher, limits, ManualClock())
    for one in items:
        worker.put(one)
    while worker.waiting and not worker.failed:
        batch = worker._inbox.take(limits.batch_records)
        worker._inbox.give_back(() if worker._handle(batch) else batch)
    return worker, publisher


def test_outputs_keep_the_order_and_everything_handled_may_be_committed() -> None:
    worker, publisher = work(Embedding(), [item(0), item(1), item(5, P1)])
    assert [out.message.key for out in publisher.published] == [str(embedding(0).source_id)] * 3
    assert worker.committable() == {P0: 2, P1: 6}
    assert worker.committable() == {}


def test_what_the_handler_holds_is_not_committed() -> None:
    handler = Embedding()
    handler.holding = {P0: 1}
    worker, _ = work(handler, [item(0), item(1)])
    assert worker.committable() == {P0: 1}


def test_a_transient_failure_is_tried_again_with_the_whole_batch() -> None:
    handler = Embedding(failures=[TransientError("away"), TransientError("away")])
    worker, publisher = work(handler, [item(0), item(1)])
    assert handler.batches == [[0, 1]] * 3
    assert handler.settled == 1
    assert len(publisher.published) == 2
    assert worker.committable() == {P0: 2}


def test_patience_ends_and_nothing_is_committed() -> None:
    handler = Embedding(failures=[TransientError("away")] * 4)
    with pytest.raises(TransientError):
        work(handler, [item(0)], Limits(max_retries=3))
    assert handler.settled == 0


def test_an_invalid_record_in_a_batch_is_found_and_dead_lettered_alone() -> None:
    handler = Embedding(poison=1)
    worker, publisher = work(handler, [item(0), item(1), item(2)])
    letters = publisher.messages(dead_letters(CLIPS_BULK))
    assert handler.batches == [[0, 1, 2], [0], [1], [2]]
    assert [
        (letter.offset, letter.reason) for letter in letters if isinstance(letter, DeadLetter)
    ] == [(1, "poison")]
    assert worker.committable() == {P0: 3}


@pytest.mark.parametrize(("owned", "letters"), [(True, 1), (False, 0)])
def test_only_the_owner_writes_an_undecodable_record_down(owned: bool, letters: int) -> None:
    rejected = Rejected(Record(P0, 0, b"key", b"\xc1"), "not msgpack", owned)
    worker, publisher = work(Embedding(), [rejected, item(1)])
    assert len(publisher.messages(dead_letters(CLIPS_BULK))) == letters
    assert worker.committable() == {P0: 2}


def test_a_dead_letter_keeps_the_bytes_and_where_they_stood() -> None:
    _, publisher = work(Embedding(), [Rejected(Record(P1, 7, b"key", b"\xc1"), "why", True)])
    (letter,) = publisher.messages(dead_letters(CLIPS_BULK))
    assert isinstance(letter, DeadLetter)
    assert (letter.record_key, letter.record_value) == (b"key", b"\xc1")
    assert (letter.topic, letter.partition, letter.offset) == (CLIPS_BULK.name, 1, 7)


def test_too_many_invalid_records_in_a_row_stop_the_service() -> None:
    limits = Limits(dead_letters=DeadLetterLimit(max_consecutive=3))
    rejected = [Rejected(Record(P0, n, None, None), "no", True) for n in range(5)]
    with pytest.raises(DeadLetterLimitExceeded):
        work(Embedding(), rejected, limits)


def test_a_bug_stops_the_worker_and_reaches_the_reader() -> None:
    topics = {CLIPS_BULK.name: CLIPS_BULK}
    handler = Embedding(failures=[ZeroDivisionError()])
    worker = Worker(Member(topics, "x"), handler, MemoryPublisher(), Limits(), ManualClock())
    worker.start()
    worker.put(item(0))
    worker._thread.join(10)
    assert worker.failed
    with pytest.raises(ZeroDivisionError):
        worker.raise_failure()
    assert worker.committable() == {}


class LongJob(Handler):
    """Works until it is cancelled, the second time it finishes at once."""

    def __init__(self) -> None:
        self.started = threading.Event()
        self.finished = threading.Event()
        self.turns = 0

    def handle(self, batch: Sequence[Incoming], cancelled: Event) -> Iterable[Outgoing]:
        self.turns += 1
        self.started.set()
        if self.turns == 1:
            cancelled.wait(60)
            raise Cancelled
        return []

    def settle(self) -> None:
        self.finished.set()


def test_a_rebalance_cancels_a_long_job_and_what_stays_ours_is_done_again() -> None:
    job, topics = LongJob(), {CLIPS_BULK.name: CLIPS_BULK}
    worker = Worker(Member(topics, "x"), job, MemoryPublisher(), Limits(), ManualClock())
    worker.start()
    worker.put(item(0, P0))
    assert job.started.wait(60)
    worker.put(item(0, P1))
    worker.pause()
    worker.resume(gone={P1})
    assert job.finished.wait(60)
    worker.stop()
    assert job.turns == 2
    assert worker.committable() == {P0: 1}
