"""Members of a group come, go, die and are cut off: all is answered once, nothing left behind."""

from collections.abc import Collection, Iterable, Sequence
from threading import Event

from schemas.topics import EMBEDDINGS, SCORES
from services.chassis.streaming.handler import Cancelled, Handler
from services.chassis.streaming.memory import MemoryBroker
from services.chassis.streaming.records import Incoming, Outgoing, Partition
from services.chassis.streaming.worker import Limits
from tests.builders import embedding, source
from tests.unit.chassis.consuming.harness import (
    GROUP,
    FixedBroker,
    Scoring,
    indexes_by_source,
    loop,
    put,
    put_embeddings,
    running,
    until_read,
)


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
