"""The test against a budget of alarms: wrong as seldom as it promises, and quick where it matters.

Alarms come by chance at a steady rate (Poisson), from seeds; nothing here depends on a clock.
"""

from bisect import bisect_left, bisect_right
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from services.api.models.excess import CHANCE, HOUR, Watched, is_sure, log_odds, starts

BEGUN = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)
BUDGET = 1.0
"""Alarms a camera and day."""


def rolled_back_after(
    seed: int, cameras: int, times: float, days: float, step: timedelta, calm_days: float = 0.0
) -> timedelta | None:
    """How long it took with so many times the budget (after some days within it), if ever."""
    alarms = _alarms(Random(seed), cameras * BUDGET, times, days, calm_days)
    for number in range(1, int(days * DAY / step) + 1):
        now = BEGUN + number * step
        for test, start in starts(BEGUN, now):
            count = bisect_right(alarms, now) - bisect_left(alarms, start)
            found = Watched(start, test, count, cameras * ((now - start) / DAY))
            if is_sure(found, BUDGET, now):
                return now - BEGUN
    return None


def _alarms(
    chance: Random, budget: float, times: float, days: float, calm_days: float
) -> list[datetime]:
    found, at = [], 0.0
    while at < days:
        at += chance.expovariate(budget * (times if at >= calm_days else 1.0))
        found.append(BEGUN + timedelta(days=at))
    return found


def test_what_keeps_to_its_budget_stays() -> None:
    """A thousand promotions, each watched for two days: half a rollback is what is promised."""
    took = [rolled_back_after(seed, 20, 1.0, 2, 2 * HOUR) for seed in range(1000)]
    assert sum(found is not None for found in took) <= 2
    assert CHANCE == 1 / 2000


@pytest.mark.parametrize(("cameras", "within"), [(1, 48), (4, 15), (20, 3.5)])
def test_ten_times_the_budget_is_caught(cameras: int, within: float) -> None:
    """Nineteen times out of twenty within so many hours."""
    step = timedelta(minutes=10)
    took = [rolled_back_after(seed, cameras, 10.0, 5, step) for seed in range(100)]
    quick = [found for found in took if found is not None and found <= within * HOUR]
    assert len(quick) >= 95
    assert None not in took


def test_what_was_good_for_a_week_is_still_caught() -> None:
    """In twenty stores with a camera each, within half a day."""
    took = [rolled_back_after(seed, 20, 10.0, 8, HOUR, calm_days=7.5) for seed in range(20)]
    assert all(found is not None and 7.5 * DAY < found <= 8 * DAY for found in took)


def test_few_alarms_or_little_time_say_nothing() -> None:
    assert not is_sure(Watched(BEGUN, 0, 4, 1e-6), BUDGET, BEGUN + HOUR)
    assert not is_sure(Watched(BEGUN, 0, 50, 1e-6), BUDGET, BEGUN + timedelta(minutes=9))
    assert is_sure(Watched(BEGUN, 0, 50, 0.01), BUDGET, BEGUN + timedelta(minutes=10))


def test_the_odds_are_one_where_nothing_was_seen() -> None:
    assert log_odds(0, 0.0) == pytest.approx(0.0)


def test_a_test_begins_with_the_promotion_and_with_each_hour() -> None:
    assert starts(BEGUN, BEGUN) == [(0, BEGUN)]
    assert [number for number, _ in starts(BEGUN, BEGUN + 1.5 * HOUR)] == [0, 1]
    late = starts(BEGUN, BEGUN + 100.1 * HOUR)
    assert [number for number, _ in late] == [0, *range(77, 101)]
    assert late[-1] == (100, BEGUN + 100 * HOUR)
