"""Pauses after failures: doubled up to the longest, however long an outage lasts."""

import pytest

from services.chassis.backoff import pause_after


def test_each_pause_is_twice_the_one_before_up_to_the_longest() -> None:
    pauses = [pause_after(failures, 0.4, 5.0) for failures in range(1, 8)]
    assert pauses == pytest.approx([0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0])


@pytest.mark.parametrize("failures", [1025, 10**6])
def test_an_outage_of_days_is_no_error(failures: int) -> None:
    assert pause_after(failures, 1.0, 30.0) == 30.0
