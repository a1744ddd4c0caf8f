"""A consumer that stands still before records is noticed, one with nothing to do is left alone."""

import pytest
from confluent_kafka import TopicPartition

from services.chassis.streaming.stall import LOOK_AFTER_S, ConsumerStalled, StallWatch


class Standing:
    """A consumer at `at`, of a partition that ends at `end`."""

    def __init__(self, at: int, end: int, commit: int = -1001) -> None:
        self.at, self.end, self.commit = at, end, commit

    def assignment(self) -> list[TopicPartition]:
        return [TopicPartition("clips.bulk.v1", 0)]

    def position(self, partitions: list[TopicPartition]) -> list[TopicPartition]:
        return [TopicPartition("clips.bulk.v1", 0, self.at)]

    def committed(self, partitions: list[TopicPartition], timeout: float) -> list[TopicPartition]:
        return [TopicPartition("clips.bulk.v1", 0, self.commit)]

    def get_watermark_offsets(self, partition: TopicPartition, timeout: float) -> tuple[int, int]:
        return 0, self.end


def quiet_for(consumer: Standing, looks: int, heard_after: int | None = None) -> None:
    clock = [0.0]
    watch = StallWatch(consumer, lambda: clock[0])
    for look in range(looks):
        clock[0] += LOOK_AFTER_S
        watch.check()
        if look == heard_after:
            watch.heard()


@pytest.mark.parametrize(
    "consumer", [Standing(5, 9), Standing(-1001, 3), Standing(-1001, 9, commit=5)]
)
def test_standing_still_before_records_is_a_stall_at_the_second_look(consumer: Standing) -> None:
    quiet_for(consumer, looks=1)
    with pytest.raises(ConsumerStalled, match=r"clips\.bulk\.v1/0"):
        quiet_for(consumer, looks=2)


@pytest.mark.parametrize(
    "consumer", [Standing(9, 9), Standing(-1001, 0), Standing(-1001, 9, commit=9)]
)
def test_nothing_to_do_is_no_stall(consumer: Standing) -> None:
    quiet_for(consumer, looks=5)


def test_a_record_in_between_is_no_stall() -> None:
    quiet_for(Standing(5, 9), looks=2, heard_after=0)
