"""Figures against cases done by hand, and against sklearn on anything."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from services.training.metrics import Ranking, accuracy, bootstrap, rate_interval

LABELLED = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 5), st.integers(0, 4)), min_size=1, max_size=40
)


@pytest.mark.parametrize(
    ("labels", "scores", "auc", "precision"),
    [
        ([0, 1], [0.1, 0.9], 1.0, 1.0),
        ([1, 0], [0.1, 0.9], 0.0, 0.5),
        ([0, 1], [0.5, 0.5], 0.5, 0.5),
        ([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], 0.75, 0.5 * 1 + 0.5 * 2 / 3),
        ([1, 0, 1, 0], [3, 3, 1, 1], 0.5, 0.5),
    ],
)
def test_by_hand(labels: list[int], scores: list[float], auc: float, precision: float) -> None:
    ranking = Ranking(labels, scores)
    assert ranking.auc() == pytest.approx(auc)
    assert ranking.average_precision() == pytest.approx(precision)


@given(LABELLED)
def test_weights_count_like_copies_and_both_like_sklearn(
    rows: list[tuple[int, int, int]],
) -> None:
    labels, scores, weights = (np.array(column) for column in zip(*rows, strict=True))
    ranking = Ranking(labels, scores)
    copies = np.repeat(labels, weights), np.repeat(scores, weights)
    if len(set(copies[0])) == 2:
        assert ranking.auc(weights) == pytest.approx(roc_auc_score(*copies))
        expected = average_precision_score(*copies)
        assert ranking.average_precision(weights) == pytest.approx(expected)
    else:
        assert math.isnan(ranking.auc(weights))


def test_a_curve_goes_from_corner_to_corner() -> None:
    curve = Ranking([0, 1, 0, 1], [0.1, 0.2, 0.2, 0.9]).curve()
    assert curve.false_positive.tolist() == [0.0, 0.0, 0.5, 1.0]
    assert curve.true_positive.tolist() == [0.0, 0.5, 1.0, 1.0]


def test_what_cannot_be_told_is_not_a_number() -> None:
    assert math.isnan(Ranking([], []).auc())
    assert math.isnan(Ranking([0, 0], [1, 2]).average_precision())
    assert math.isnan(accuracy([], [], 0.5))


def test_accuracy_counts_the_mark_itself_as_above() -> None:
    assert accuracy([1, 0, 1], [0.8, 0.8, 0.1], 0.8) == pytest.approx(1 / 3)
    assert accuracy([1, 0], [0.8, 0.8], 0.8, weights=[3, 1]) == pytest.approx(0.75)


def test_the_bootstrap_draws_whole_groups() -> None:
    groups = ["a"] * 50 + ["b"] * 50
    drawn: list[set[float]] = []

    def figure(weights: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> float:
        drawn.append({float(weights[:50].std()), float(weights[50:].std())})
        return float(weights[:50].mean())

    low, high = bootstrap(figure, groups, rounds=200)
    assert (low, high) == (0.0, 2.0)
    assert all(spread == {0.0} for spread in drawn)


def test_one_group_has_no_interval() -> None:
    assert all(math.isnan(end) for end in bootstrap(lambda _: 1.0, ["a", "a"]))


@pytest.mark.parametrize(
    ("count", "low", "high"), [(0, 0.0, 3.689), (1, 0.025, 5.572), (10, 4.795, 18.39)]
)
def test_the_interval_of_a_rate_is_the_exact_one_nearly(
    count: int, low: float, high: float
) -> None:
    assert rate_interval(count, 1.0) == pytest.approx((low, high), rel=0.02, abs=0.02)
    assert rate_interval(count, 2.0)[1] == pytest.approx(high / 2, rel=0.02)
