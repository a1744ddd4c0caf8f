"""Skipped records are noticed, repeated ones are not minded."""

import pytest

from services.chassis.streaming.records import Partition, Record
from services.chassis.streaming.sequence import RecordsSkipped, Sequence

P0, P1 = Partition("embeddings.v1", 0), Partition("embeddings.v1", 1)


def take(sequence: Sequence, *offsets: int, partition: Partition = P0) -> None:
    for offset in offsets:
        sequence.take(Record(partition, offset, None, None))


@pytest.mark.parametrize("offsets", [(5, 6, 7), (3, 4, 5, 6), (5, 6, 5, 6, 7), (5, 5)])
def test_records_in_a_row_or_again_are_fine(offsets: tuple[int, ...]) -> None:
    take(Sequence(lambda _: 5), *offsets)


@pytest.mark.parametrize("offsets", [(6,), (5, 7), (5, 6, 5, 7)])
def test_a_jump_ahead_is_a_skipped_record(offsets: tuple[int, ...]) -> None:
    with pytest.raises(RecordsSkipped):
        take(Sequence(lambda _: 5), *offsets)


def test_partitions_count_for_themselves() -> None:
    sequence = Sequence(lambda partition: 10 * partition.number)
    take(sequence, 0, 1)
    take(sequence, 10, 11, partition=P1)


def test_a_rebalance_begins_at_the_commit_again() -> None:
    commits = iter((0, 40))
    sequence = Sequence(lambda _: next(commits))
    take(sequence, 0, 1)
    sequence.begin_anew()
    take(sequence, 40, 41)
