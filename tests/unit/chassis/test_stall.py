"""A consumer that stands still before records is noticed, one with nothing to do is left alone."""

import pytest

from services.chassis.errors import TransientError
from services.chassis.streaming.broker import Bounds
from services.chassis.streaming.records import Partition
from services.chassis.streaming.stall import LOOK_AFTER_S, ConsumerStalled, StallWatch

P0 = Partition("clips.bulk.v1", 0)


def quiet_for(at: int, end: int, turns: int, heard_after: int | None = None) -> None:
    """A consumer at offset `at` of a partition that ends at `end` hears nothing for long."""
    clock = [0.0]
    watch = StallWatch(lambda: {P0: at}, lambda _: Bounds(0, end), lambda: clock[0])
    for turn in range(turns):
        clock[0] += LOOK_AFTER_S
        watch.check()
        if turn == heard_after:
            watch.heard()


def test_standing_still_before_records_is_a_stall_at_the_second_check() -> None:
    quiet_for(5, 9, turns=1)
    with pytest.raises(ConsumerStalled, match=r"clips\.bulk\.v1/0"):
        quiet_for(5, 9, turns=2)


@pytest.mark.parametrize(("at", "end"), [(9, 9), (0, 0)])
def test_nothing_to_do_is_no_stall(at: int, end: int) -> None:
    quiet_for(at, end, turns=5)


def test_a_record_in_between_is_no_stall() -> None:
    quiet_for(5, 9, turns=2, heard_after=0)


def test_while_kafka_is_away_nothing_can_come() -> None:
    def away(_: Partition) -> Bounds:
        raise TransientError("away")

    clock = [0.0]
    watch = StallWatch(lambda: {P0: 5}, away, lambda: clock[0])
    for _ in range(5):
        clock[0] += LOOK_AFTER_S
        watch.check()
