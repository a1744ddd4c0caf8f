"""The queue between the polling thread and the worker."""

import threading
from collections.abc import Callable
from threading import Event

import pytest

from services.chassis.streaming.inbox import Batch, Entry, Inbox, Rejected
from services.chassis.streaming.records import Partition, Record

P0, P1 = Partition("t", 0), Partition("t", 1)
LONG_S = 60.0


def entry(offset: int, partition: Partition = P0, key: bytes = b"k") -> Entry:
    record = Record(partition, offset, key, b"v")
    return Entry(partition, offset, offset + 1, lambda: Rejected(record, "", True), record)


def inbox(*entries: Entry) -> Inbox:
    made = Inbox()
    made.put(entries)
    return made


def take(box: Inbox, most: int = 10, fill_s: float = 0.0, tick_in_s: float = LONG_S) -> Batch:
    batch = box.take(most, fill_s, tick_in_s)
    assert batch is not None
    return batch


def offsets(batch: Batch) -> list[int]:
    return [one.offset for one in batch.entries]


def in_thread(act: Callable[[], object]) -> Event:
    """Set once it has returned."""
    done = Event()

    def run() -> None:
        act()
        done.set()

    threading.Thread(target=run, daemon=True).start()
    return done


def test_first_in_first_out_up_to_the_size_of_a_batch() -> None:
    box = inbox(*map(entry, range(5)))
    assert offsets(take(box, 3)) == [0, 1, 2]
    box.give_back()
    assert offsets(take(box, 3)) == [3, 4]


def test_what_was_not_finished_comes_first_again_in_its_order() -> None:
    box = inbox(*map(entry, range(4)))
    batch = take(box, 2)
    box.give_back(batch.entries)
    assert offsets(take(box)) == [0, 1, 2, 3]


def test_a_tick_comes_when_its_time_has_come_even_if_nothing_else_does() -> None:
    assert take(Inbox(), tick_in_s=0.0).is_tick


def test_a_tick_goes_before_what_waits() -> None:
    box = inbox(entry(0))
    assert take(box, tick_in_s=0.0).is_tick
    box.give_back()
    assert offsets(take(box)) == [0]


def test_a_suspect_is_a_batch_of_its_own() -> None:
    box = inbox(*map(entry, range(5)))
    sizes = []
    for _ in range(3):
        batch = box.take(10, 0, LONG_S, lambda: lambda one: one.offset == 2)
        assert batch is not None
        sizes.append(offsets(batch))
        box.give_back()
    assert sizes == [[0, 1], [2], [3, 4]]


def test_a_batch_that_fills_up_goes_at_once() -> None:
    box = inbox(entry(0))
    batches: list[Batch] = []
    done = in_thread(lambda: batches.append(take(box, 3, fill_s=LONG_S)))
    box.put([entry(1), entry(2)])
    assert done.wait(LONG_S)
    assert offsets(batches[0]) == [0, 1, 2]


def test_leaving_drops_what_waits_of_those_partitions_and_says_so() -> None:
    box = inbox(entry(0), entry(0, P1), entry(1))
    box.leave({P0})
    batch = take(box)
    assert [one.partition for one in batch.entries] == [P1]
    assert batch.gone == {P0}
    box.give_back()
    box.put([entry(7)])
    assert take(box).gone == frozenset()


def test_leaving_waits_for_a_batch_of_those_partitions_and_takes_nothing_of_it_back() -> None:
    box = inbox(entry(0), entry(0, P1))
    batch = take(box)
    left = in_thread(lambda: box.leave({P0}))
    assert batch.cancelled.wait(LONG_S)
    assert not left.is_set()
    box.give_back(batch.entries)
    assert left.wait(LONG_S)
    assert [one.partition for one in take(box).entries] == [P1]


def test_leaving_does_not_wait_for_a_batch_of_other_partitions() -> None:
    box = inbox(entry(0, P1), entry(0))
    batch = take(box, 1)
    box.leave({P0})
    assert not batch.cancelled.is_set()
    assert len(box) == 0


def test_leaving_waits_for_a_tick_since_that_may_touch_all() -> None:
    box = Inbox()
    take(box, tick_in_s=0.0)
    left = in_thread(lambda: box.leave({P0}))
    assert not left.wait(0.01)
    box.give_back()
    assert left.wait(LONG_S)


@pytest.mark.parametrize(("waiting", "expected"), [(0, True), (2, True), (3, False), (9, False)])
def test_there_is_room_while_fewer_than_so_many_wait(waiting: int, expected: bool) -> None:
    assert inbox(*map(entry, range(waiting))).wait_for_room(3, 0.0) is expected


def test_room_is_announced_as_soon_as_a_batch_is_taken() -> None:
    box = inbox(*map(entry, range(3)))
    waited = in_thread(lambda: box.wait_for_room(3, LONG_S))
    take(box, 1)
    assert waited.wait(LONG_S)


def test_closing_ends_waiting_and_cancels_what_is_at_work() -> None:
    box = inbox(entry(0))
    batch = take(box)
    box.give_back()
    taken = in_thread(lambda: box.take(1, 0, LONG_S))
    box.close()
    assert taken.wait(LONG_S)
    assert not batch.cancelled.is_set()
    again = inbox(entry(0))
    at_work = take(again)
    again.close()
    assert at_work.cancelled.is_set()
    assert again.take(1, 0, LONG_S) is None


@pytest.mark.parametrize(
    ("waiting", "expected"),
    [([], None), ([entry(1)], None), ([entry(1), entry(2, key=b"other")], 2)],
)
def test_the_first_of_another_key_stays_in_its_place(
    waiting: list[Entry], expected: int | None
) -> None:
    box = inbox(*waiting)
    found = box.first_of_another_key(entry(0))
    assert (found.offset if found else None) == expected
    assert len(box) == len(waiting)
