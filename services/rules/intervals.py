"""How sure a share or a count is: intervals of 95 %, for whoever shows figures of few events.

Shares by Wilson's score interval, counts by Garwood's exact one. Pure.
"""

from collections.abc import Callable
from math import exp, inf, lgamma, log, sqrt

Z = 1.959964
"""Of the normal distribution: 2.5 % lie above."""
TAIL = 0.025
MANY = 100
STEPS = 60
"""Of a bisection: enough for every digit of a float."""

Interval = tuple[float, float]


def wilson(successes: int, trials: int) -> Interval:
    """In which interval the share lies of which so many successes were seen. (0, 1) of no trial."""
    if trials == 0:
        return 0.0, 1.0
    share, squared = successes / trials, Z * Z / trials
    middle = share + squared / 2
    half = Z * sqrt(share * (1 - share) / trials + squared / (4 * trials))
    low, high = (middle - half) / (1 + squared), (middle + half) / (1 + squared)
    return max(0.0, low) if successes else 0.0, min(1.0, high) if successes < trials else 1.0


def poisson(count: int) -> Interval:
    """In which interval the mean of a Poisson distribution lies that gave so many; from MANY on by
    Wilson and Hilferty's approximation, which is right to a thousandth there.
    """
    if count > MANY:
        return count * _cube(count, -Z), (count + 1) * _cube(count + 1, Z)
    reach = count + 10 * sqrt(count + 1) + 10
    low = _where(lambda mean: 1 - _at_most(count - 1, mean) >= TAIL, reach) if count else 0.0
    return low, _where(lambda mean: _at_most(count, mean) <= TAIL, reach)


def rate(count: int, exposure: float) -> Interval:
    """Of events per unit of exposure; without any nothing is known."""
    if exposure <= 0:
        return 0.0, inf
    low, high = poisson(count)
    return low / exposure, high / exposure


def _cube(count: int, z: float) -> float:
    return float((1 - 1 / (9 * count) + z / (3 * sqrt(count))) ** 3)


def _at_most(count: int, mean: float) -> float:
    """The chance of no more than so many."""
    if mean <= 0:
        return 1.0
    terms = (exp(k * log(mean) - mean - lgamma(k + 1)) for k in range(count + 1))
    return min(1.0, sum(terms))


def _where(holds: Callable[[float], bool], reach: float) -> float:
    """The least number up to `reach` from which on it holds."""
    low, high = 0.0, reach
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
