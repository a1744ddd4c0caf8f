"""Intervals of shares and counts, against published tables."""

import pytest

from services.rules.intervals import poisson, rate, wilson


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(0, 10, 0.0, 0.2775), (1, 10, 0.0179, 0.4042), (8, 10, 0.4902, 0.9433), (10, 10, 0.7225, 1.0)],
)
def test_a_share(successes: int, trials: int, low: float, high: float) -> None:
    assert wilson(successes, trials) == pytest.approx((low, high), abs=1e-4)


def test_without_a_trial_every_share_is_possible() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [(0, 0.0, 3.6889), (1, 0.0253, 5.5716), (10, 4.7954, 18.3904), (100, 81.3639, 121.6272)],
)
def test_a_count(count: int, low: float, high: float) -> None:
    assert poisson(count) == pytest.approx((low, high), abs=1e-3)


def test_large_counts_go_on_where_the_exact_ones_end() -> None:
    for before, after in zip(poisson(100), poisson(101), strict=True):
        assert 0.9 < after - before < 1.1


def test_a_rate_is_a_count_by_its_exposure() -> None:
    assert rate(10, 2.0) == pytest.approx((2.3977, 9.1952), abs=1e-3)
    assert rate(3, 0.0)[1] == float("inf")
