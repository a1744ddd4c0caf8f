"""What people said of alarms moves the mark of a camera at once, within bounds (ADR 0052).

A false alarm asks for a mark a little above its peak, a true one (or an event that was missed) for
one a little below. Verdicts are a set by subject, of each subject the latest one: neither their
order nor saying the same again changes anything, and what is withdrawn counts for nothing. Of a day
only so much is granted however many there are, it wanes by the week, and where verdicts disagree
the lower mark counts: nobody can talk a camera deaf. Pure.
"""

from collections.abc import Sequence
from math import ceil, floor
from typing import Literal, NamedTuple

from schemas.policies import PersistenceRule

DAY_S = 86_400
Kind = Literal["true", "false", "missed", "withdrawn"]
MOST_VERDICTS = 48
KEPT_DAYS = 28
"""So many days a verdict counts; a false alarm by a quarter less after each week."""
WEEK_DAYS = 7

STEP = 0.01
RISE, RISE_A_DAY = 0.03, 0.05
"""What one false alarm may add to the mark, and all that were marked on one day."""
REACH = 0.5
"""Of the way from the mark that was entered to 1."""


class Verdict(NamedTuple):
    """What was said last of an alarm, or of an event that raised none."""

    subject: bytes
    """Its id."""
    kind: Kind
    peak: float
    """The highest calibrated score of it."""
    said_at: float
    """Seconds since 1970."""

    @property
    def day(self) -> int:
        return int(self.said_at) // DAY_S


Verdicts = tuple[Verdict, ...]
"""Of each subject one, the latest of all, in the order in which they were said."""


def take(verdicts: Verdicts, verdict: Verdict) -> Verdicts:
    """With this verdict; the same object where it changes nothing. Of very many the latest stay."""
    before = next((kept for kept in verdicts if kept.subject == verdict.subject), None)
    if before is not None and _order(before) >= _order(verdict):
        return verdicts
    others = [kept for kept in verdicts if kept.subject != verdict.subject]
    after = tuple(sorted((*others, verdict), key=_order)[-MOST_VERDICTS:])
    return verdicts if after == verdicts else after


def unexpired(verdicts: Verdicts, today: int) -> Verdicts:
    """Those that still count on a day (since 1970); the same object where that is all."""
    if all(today - verdict.day < KEPT_DAYS for verdict in verdicts):
        return verdicts
    return tuple(verdict for verdict in verdicts if today - verdict.day < KEPT_DAYS)


def moved(rule: PersistenceRule, by_days: float, verdicts: Sequence[Verdict], today: int) -> float:
    """The mark in force on a day: `by_days` as verdicts move it. Never below the mark that was
    entered, never above `furthest`.
    """
    base = max(rule.high, min(by_days, furthest(rule)))
    counted = [verdict for verdict in verdicts if today - verdict.day < KEPT_DAYS]
    mark = max(base, min(_wanted(counted), base + _granted(counted, today), furthest(rule)))
    seen = [verdict.peak for verdict in counted if verdict.kind in ("true", "missed")]
    if seen:
        mark = min(mark, _below(min(seen)))
    return round(max(rule.high, mark), 4)


def furthest(rule: PersistenceRule) -> float:
    """The highest mark that anything learned may ask for."""
    return rule.high + REACH * (1 - rule.high)


def above(level: float) -> float:
    """The mark a step above a level."""
    return (floor(level / STEP + 1e-9) + 1) * STEP


def _below(level: float) -> float:
    return (ceil(level / STEP - 1e-9) - 1) * STEP


def _wanted(verdicts: Sequence[Verdict]) -> float:
    return max((above(verdict.peak) for verdict in verdicts if verdict.kind == "false"), default=0)


def _granted(verdicts: Sequence[Verdict], today: int) -> float:
    """How far the false alarms of all days may lift the mark today."""
    days = [verdict.day for verdict in verdicts if verdict.kind == "false"]
    return sum(
        min(RISE_A_DAY, RISE * days.count(day)) * _weight(today - day) for day in sorted(set(days))
    )


def _weight(age_days: int) -> float:
    return 1 - max(0, age_days) // WEEK_DAYS * WEEK_DAYS / KEPT_DAYS


def _order(verdict: Verdict) -> tuple[float, bytes, str, float]:
    return verdict.said_at, verdict.subject, verdict.kind, verdict.peak
