"""A budget raises the mark of a noisy camera, slowly, and never where nothing asks for it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.policies import PersistenceRule
from services.rules.budget import BLOCK_S, MOST_DAYS, MOST_TOPS, Quiet, learn
from services.rules.learning import Calibrated, in_force

START = datetime(2026, 5, 1, tzinfo=UTC)
RULE = PersistenceRule(
    name="fight", label="f", high=0.8, low=0.5, k=2, n=3, m=2, alone=0.95, budget_per_day=1.0
)
PER_DAY = 86_400 // BLOCK_S


def day(noise: int, level: float = 0.86, quiet: float = 0.2) -> list[float]:
    """A level a block; so many of them stand high."""
    return [level] * noise + [quiet] * (PER_DAY - noise)


def raised(rule: PersistenceRule, kept: Quiet) -> PersistenceRule:
    """The rule with the mark that these scores ask for."""
    return in_force(Calibrated(kept), rule)


def after(days: Sequence[Sequence[float]], rule: PersistenceRule = RULE) -> list[float]:
    """The mark in force after each day, and the block that begins the next."""
    kept, marks = Quiet(), []
    for number, levels in enumerate(days):
        for block, level in enumerate((*levels, 0.0)):
            at = START + timedelta(days=number, seconds=block * BLOCK_S)
            kept = learn(kept, rule, at, level)
        marks.append(raised(rule, kept).high)
    return marks


def test_a_camera_that_is_noisy_every_day_is_raised_above_its_noise() -> None:
    marks = after([day(6)] * 6)
    assert marks[:2] == [0.8, 0.8], "not before three days"
    assert marks[-1] == pytest.approx(0.87)
    assert all(b - a <= 0.03 + 1e-9 for a, b in pairwise(marks))


@pytest.mark.parametrize("noise", [0, 1])
def test_a_camera_within_its_budget_keeps_its_mark(noise: int) -> None:
    assert set(after([day(noise)] * 10)) == {0.8}


def test_one_day_full_of_events_says_nothing() -> None:
    assert set(after([day(144, 0.99), *[day(0)] * 13])) == {0.8}
    assert set(after([*[day(0)] * 5, day(144, 0.99), *[day(0)] * 5])) == {0.8}


def test_nobody_can_numb_a_camera() -> None:
    marks = after([day(144, 1.0)] * 30)
    assert max(marks) <= 0.9 + 1e-9, "half of the way to 1"


def test_what_was_raised_comes_down_again() -> None:
    marks = after([*[day(6)] * 6, *[day(0)] * 14])
    assert max(marks) > 0.85
    assert marks[-1] == 0.8


def test_less_than_one_a_day_asks_more_of_the_mark() -> None:
    weekly = RULE.model_copy(update={"budget_per_day": 1 / 7})
    days = [day(1), day(0)] * 7
    assert set(after(days)) == {0.8}
    assert after(days, weekly)[-1] > 0.8


def test_days_of_which_little_was_seen_do_not_count() -> None:
    assert set(after([[0.99] * 20] * 10)) == {0.8}


def test_a_single_window_keeps_its_distance() -> None:
    rule = raised(RULE, Quiet(mark=0.84))
    assert (rule.high, rule.alone) == (0.84, pytest.approx(0.99))
    assert raised(RULE, Quiet(mark=0.9)).alone == 1.0
    assert raised(RULE.model_copy(update={"budget_per_day": None}), Quiet(mark=0.9)).high == 0.8


@given(
    st.lists(st.integers(0, 144).map(lambda n: day(n, 0.93)), max_size=20),
    st.sampled_from([0.1, 1.0, 5.0, 200.0]),
)
@settings(max_examples=15)
def test_it_stays_small_and_within_its_bounds(days: list[list[float]], budget: float) -> None:
    rule = RULE.model_copy(update={"budget_per_day": budget})
    kept = Quiet()
    for number, levels in enumerate(days):
        for block, level in enumerate(levels):
            kept = learn(kept, rule, START + timedelta(days=number, seconds=block * BLOCK_S), level)
            assert len(kept.tops) <= MOST_TOPS
            assert len(kept.days) <= MOST_DAYS
            assert 0.8 <= raised(rule, kept).high <= 0.9 + 1e-9


def test_a_clock_that_goes_back_changes_nothing() -> None:
    kept = learn(Quiet(), RULE, START + timedelta(days=1), 0.5)
    assert learn(kept, RULE, START, 0.99) is kept
