"""How well scores tell normal from not. Pure functions of numpy arrays.

Every figure takes weights, so that a window stands for its frames, and a source drawn twice by the
bootstrap counts twice. What cannot be told (only one class there) is NaN.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Interval = tuple[float, float]


@dataclass(frozen=True)
class Curve:
    """Points of a ROC curve, from (0, 0) to (1, 1)."""

    false_positive: Floats
    true_positive: Floats


class Ranking:
    """Labels in the order of falling scores, sorted once for any number of weightings."""

    def __init__(self, labels: ArrayLike, scores: ArrayLike) -> None:
        scores_N = np.asarray(scores, np.float64)
        self._order = np.argsort(-scores_N, kind="stable")
        self._labels = np.asarray(labels, np.float64)[self._order]
        falling = scores_N[self._order]
        # Equal scores are one step of the curve: its ends are where the score changes.
        self._ends = np.flatnonzero(np.append(np.diff(falling) != 0, len(falling) > 0))

    def __len__(self) -> int:
        return len(self._labels)

    def auc(self, weights: ArrayLike | None = None) -> float:
        """Area under the ROC curve, ties counted half."""
        true, false = self._sums(weights)
        if not (true[-1] > 0 and false[-1] > 0):
            return nan
        area = np.sum(np.diff(false) * (true[1:] + true[:-1]) / 2)
        return float(area / (true[-1] * false[-1]))

    def average_precision(self, weights: ArrayLike | None = None) -> float:
        """Mean of the precision at every true positive, as sklearn defines it."""
        true, false = self._sums(weights)
        if not true[-1] > 0:
            return nan
        found = true[1:] + false[1:]
        precision = np.divide(true[1:], found, out=np.zeros_like(found), where=found > 0)
        return float(np.sum(np.diff(true) * precision) / true[-1])

    def curve(self, weights: ArrayLike | None = None) -> Curve:
        true, false = self._sums(weights)
        return Curve(false / max(false[-1], 1e-12), true / max(true[-1], 1e-12))

    def _sums(self, weights: ArrayLike | None) -> tuple[Floats, Floats]:
        """True and false positives at each step, from none to all."""
        weight_N = np.ones(len(self)) if weights is None else np.asarray(weights, np.float64)
        weight_N = weight_N[self._order]
        true = np.cumsum(weight_N * self._labels)[self._ends]
        false = np.cumsum(weight_N * (1 - self._labels))[self._ends]
        return np.append(0.0, true), np.append(0.0, false)


def accuracy(
    labels: ArrayLike, scores: ArrayLike, mark: float, weights: ArrayLike | None = None
) -> float:
    """Share that lies on its side of the mark; at the mark counts as above."""
    right = (np.asarray(scores) >= mark) == (np.asarray(labels) > 0)
    if not right.size:
        return nan
    return float(np.average(right, weights=None if weights is None else np.asarray(weights)))


def bootstrap(
    figure: Callable[[Floats], float], groups: ArrayLike, rounds: int = 1000, seed: int = 0
) -> Interval:
    """95 % interval of a figure of weights, drawing whole groups with replacement."""
    names, member_N = np.unique(np.asarray(groups), return_inverse=True)
    rng, found = np.random.default_rng(seed), []
    for _ in range(rounds if len(names) > 1 else 0):
        times = np.bincount(rng.integers(len(names), size=len(names)), minlength=len(names))
        value = figure(times[member_N].astype(np.float64))
        if np.isfinite(value):
            found.append(value)
    if not found:
        return nan, nan
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)


def rate_interval(count: int, exposure: float) -> Interval:
    """95 % interval of a rate of rare events (Poisson; Wilson and Hilferty's closed form)."""
    if exposure <= 0:
        return nan, nan
    low = count * (1 - 1 / (9 * count) - 1.96 / (3 * count**0.5)) ** 3 if count else 0.0
    more = count + 1
    high = more * (1 - 1 / (9 * more) + 1.96 / (3 * more**0.5)) ** 3
    return max(low, 0.0) / exposure, high / exposure
