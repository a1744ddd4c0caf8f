"""Whether a detector's alarms are surely more than its budget: a test that may be looked at at any
time (ADR 0048).

Against a rate no higher than the budget the odds are a mixture of the likelihood ratios of higher
ones. They are no more than 1 on average, whenever one stops to look, so that by Ville's inequality
they ever reach 1 / a with a chance of a at most. A test of its own begins with every hour, the k-th
asks for (k + 1)(k + 2) / a; together they are wrong with a chance of a, and what was good for a
week is caught as soon as what never was. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp, log

CHANCE = 1 / 2000
"""Of a rollback of a detector that keeps to its budget, however long it is watched."""

TIMES = (1.5, 2.0, 3.0, 5.0, 10.0, 30.0)
"""So many times the budget are the rates it is compared with, each as likely."""

LEAST_ALARMS = 5
LEAST_TIME = timedelta(minutes=10)
HOUR = timedelta(hours=1)
LOOKED_AT = 24
"""Of the tests that began with an hour, beside that which began with the promotion."""


@dataclass(frozen=True)
class Watched:
    """What was seen from one moment until now. `alarms` are bursts, `camera_days` of footage."""

    begun_at: datetime
    number: int
    """Hours after the promotion: 0 began with it."""
    alarms: int
    camera_days: float


def starts(since: datetime, now: datetime) -> list[tuple[int, datetime]]:
    """Number and beginning of the tests that are looked at: that of the promotion, and those of the
    latest hours.
    """
    latest = max(0, (now - since) // HOUR)
    numbers = {0, *range(max(0, latest - LOOKED_AT + 1), latest + 1)}
    return [(number, since + number * HOUR) for number in sorted(numbers)]


def is_sure(found: Watched, budget_per_day: float, now: datetime) -> bool:
    """Whether the excess is."""
    if found.alarms < LEAST_ALARMS or now - found.begun_at < LEAST_TIME:
        return False
    expected = budget_per_day * found.camera_days
    if found.alarms <= expected:
        return False
    asked = log((found.number + 1) * (found.number + 2)) - log(CHANCE)
    return log_odds(found.alarms, expected) >= asked


def log_odds(alarms: int, expected: float) -> float:
    """The logarithm of the odds against no more than `expected` alarms; 0 where nothing was seen.

    What was expected can be too low by a clip that is scored but not stored yet: LEAST_ALARMS and
    LEAST_TIME stand against that.
    """
    terms = [alarms * log(times) - (times - 1) * expected for times in TIMES]
    return log_sum(terms) - log(len(TIMES))


def log_sum(terms: Sequence[float]) -> float:
    """log of the sum of exp, without overflow."""
    most = max(terms)
    return most + log(sum(exp(term - most) for term in terms))
