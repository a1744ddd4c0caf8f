"""Verdicts move a mark at once, within bounds, in whatever order they come."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.policies import PersistenceRule
from services.rules.verdicts import (
    DAY_S,
    MOST_VERDICTS,
    RISE_A_DAY,
    Kind,
    Verdict,
    Verdicts,
    furthest,
    moved,
    take,
    unexpired,
)

RULE = PersistenceRule(name="fight", label="f", high=0.8, low=0.5, k=2, n=3, m=2, alone=0.95)
TODAY = 20_000
kinds: st.SearchStrategy[Kind] = st.sampled_from(["true", "false", "missed", "withdrawn"])
peaks = st.floats(0, 1)


def said(kind: Kind, peak: float, subject: int = 0, day: int = TODAY, second: int = 0) -> Verdict:
    return Verdict(subject.to_bytes(16, "big"), kind, peak, day * DAY_S + second)


def all_of(verdicts: Sequence[Verdict]) -> Verdicts:
    found: Verdicts = ()
    for verdict in verdicts:
        found = take(found, verdict)
    return found


def mark(*verdicts: Verdict, by_days: float = 0.0, today: int = TODAY) -> float:
    return moved(RULE, by_days, all_of(verdicts), today)


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        pytest.param([], 0.8, id="nothing was said"),
        pytest.param([said("false", 0.81)], 0.82, id="a step above a false alarm"),
        pytest.param([said("false", 0.97)], 0.83, id="so much for one"),
        pytest.param([said("false", 0.97, n) for n in range(40)], 0.85, id="so much for a day"),
        pytest.param(
            [said("false", 0.97, day, TODAY - day) for day in range(7)], 0.9, id="half way to 1"
        ),
        pytest.param(
            [said("true", 0.97)], 0.8, id="a true one asks for no lower mark than entered"
        ),
        pytest.param([said("false", 0.88), said("true", 0.83, 1)], 0.82, id="the lower one counts"),
        pytest.param([said("false", 0.88), said("missed", 0.5, 1)], 0.8, id="an event was missed"),
        pytest.param([said("false", 0.88), said("withdrawn", 0.88, second=1)], 0.8, id="withdrawn"),
    ],
)
def test_where_the_mark_goes(verdicts: list[Verdict], expected: float) -> None:
    assert mark(*verdicts) == pytest.approx(expected)


def test_a_true_alarm_takes_back_what_days_taught() -> None:
    assert mark(by_days=0.88) == 0.88
    assert mark(said("true", 0.86), by_days=0.88) == pytest.approx(0.85)


def test_a_verdict_wanes_by_the_week_and_is_forgotten() -> None:
    false = said("false", 0.97)
    marks = [mark(false, today=TODAY + 7 * week) for week in range(5)]
    assert marks == pytest.approx([0.83, 0.8225, 0.815, 0.8075, 0.8])
    assert unexpired((false,), TODAY + 28) == ()


def test_the_latest_word_on_an_alarm_counts_whenever_it_arrives() -> None:
    false, true = said("false", 0.88, second=1), said("true", 0.88, second=2)
    assert all_of([false, true]) == all_of([true, false]) == (true,)


@given(
    st.lists(st.builds(said, kinds, peaks, st.integers(0, 60), st.integers(TODAY - 30, TODAY))),
    st.integers(0, 40),
    peaks,
)
@settings(max_examples=60, deadline=None)
def test_never_below_what_was_entered_nor_beyond_reach(
    verdicts: list[Verdict], later: int, by_days: float
) -> None:
    high = mark(*verdicts, by_days=by_days, today=TODAY + later)
    assert RULE.high <= high <= furthest(RULE) + 1e-9


@given(
    st.lists(
        st.builds(
            said,
            kinds,
            peaks,
            st.integers(0, 200),
            st.integers(TODAY - 30, TODAY),
            st.integers(0, 9),
        ),
        max_size=120,
    ),
    st.randoms(use_true_random=False),
)
@settings(max_examples=40, deadline=None)
def test_neither_order_nor_repetition_changes_anything(
    verdicts: list[Verdict], random: "Shuffling"
) -> None:
    once = all_of(verdicts)
    assert len(once) <= MOST_VERDICTS
    again = [*verdicts, *verdicts]
    random.shuffle(again)
    assert all_of(again) == once
    assert take(once, verdicts[0]) is once if verdicts else once == ()


@given(
    st.lists(st.builds(said, kinds, peaks, st.integers(0, 9), st.integers(TODAY - 5, TODAY))),
    st.lists(st.builds(said, st.just("false"), peaks, st.integers(10, 60)), max_size=50),
)
@settings(max_examples=40, deadline=None)
def test_no_crowd_moves_it_further_on_one_day_than_is_granted(
    before: list[Verdict], crowd: list[Verdict]
) -> None:
    earlier = [verdict for verdict in all_of(before) if verdict.day < TODAY]
    moved_by = mark(*earlier, *crowd) - mark(*earlier)
    assert moved_by >= -1e-4
    # What earlier days granted and no alarm asked for yet may be used up by today's as well.
    spare = mark(*earlier, said("false", 1.0, 99, TODAY - 6)) - mark(*earlier)
    assert moved_by <= RISE_A_DAY + spare + 1e-4


class Shuffling:
    """What hypothesis draws of `random.Random`."""

    shuffle: Callable[[list[Verdict]], None]
