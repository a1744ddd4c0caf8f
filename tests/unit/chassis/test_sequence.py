"""Skipped records are noticed, repeated ones are not minded, deleted ones are reported."""

from collections.abc import Collection

import pytest

from schemas.topics import EMBEDDINGS, POLICIES
from services.chassis.streaming.broker import Bounds, Position
from services.chassis.streaming.records import Partition, Record
from services.chassis.streaming.sequence import RecordsSkipped, Sequence

P0, P1 = Partition("embeddings.v1", 0), Partition("embeddings.v1", 1)
COMPACTED = Partition("policies.v1", 0)
TOPICS = {"embeddings.v1": EMBEDDINGS, "policies.v1": POLICIES}


class Group:
    """A group that has committed; its partitions begin at `first`."""

    def __init__(self, *commits: int | None, first: int = 0) -> None:
        self._commits, self._first = list(commits), first

    def committed(self, partitions: Collection[Partition]) -> dict[Partition, Position]:
        commit = self._commits.pop(0) if len(self._commits) > 1 else self._commits[0]
        return {} if commit is None else {one: Position(commit) for one in partitions}

    def bounds(self, partition: Partition) -> Bounds:
        return Bounds(self._first, 1000)


def sequence(*commits: int | None, first: int = 0) -> tuple[Sequence, list[tuple[int, int]]]:
    """With what it reports as lost."""
    lost: list[tuple[int, int]] = []
    group = Group(*commits, first=first)
    return Sequence(TOPICS, group, lambda _, start, last: lost.append((start, last))), lost


def take(sequence: Sequence, *offsets: int, partition: Partition = P0) -> None:
    for offset in offsets:
        sequence.take(Record(partition, offset, None, None))


@pytest.mark.parametrize("offsets", [(5, 6, 7), (3, 4, 5, 6), (5, 6, 5, 6, 7), (5, 5)])
def test_records_in_a_row_or_again_are_fine(offsets: tuple[int, ...]) -> None:
    take(sequence(5)[0], *offsets)


@pytest.mark.parametrize("offsets", [(6,), (5, 7), (5, 6, 5, 7)])
def test_a_jump_ahead_is_a_skipped_record(offsets: tuple[int, ...]) -> None:
    with pytest.raises(RecordsSkipped):
        take(sequence(5)[0], *offsets)


@pytest.mark.parametrize(("commit", "expected"), [(5, [(5, 19)]), (None, []), (20, [])])
def test_what_kafka_deleted_is_no_skipped_record(
    commit: int | None, expected: list[tuple[int, int]]
) -> None:
    order, lost = sequence(commit, first=20)
    take(order, 20, 21)
    assert lost == expected


def test_a_compacted_topic_has_gaps() -> None:
    order, lost = sequence(0)
    take(order, 3, 9, 10, partition=COMPACTED)
    assert lost == []


def test_partitions_count_for_themselves() -> None:
    order, _ = sequence(0)
    take(order, 0, 1)
    take(order, 0, 1, partition=P1)


def test_a_rebalance_begins_at_the_commit_again() -> None:
    order, _ = sequence(0, 40)
    take(order, 0, 1)
    order.begin_anew()
    take(order, 40, 41)
