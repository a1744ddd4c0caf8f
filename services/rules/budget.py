"""A budget of false alarms raises the mark by what a camera itself shows on its days (ADR 0033).

Of each ten minutes the highest level is kept at which an episode would have opened; of a day the
highest of these. At its end the day says at which mark it would have stayed within the budget. The
mark follows a high quantile of the latest days: never below the one that was entered, not before
three days, slowly, and never far, so that no day full of events and nobody who provokes them can
numb a camera. Pure; what is kept is at most forty numbers.
"""

from datetime import datetime
from math import ceil, floor
from typing import NamedTuple

from schemas.policies import PersistenceRule
from services.rules.verdicts import above, furthest

BLOCK_S, DAY_S = 600, 86_400
MOST_TOPS, MOST_DAYS = 24, 14
DAYS_FIRST = 3
BLOCKS_A_DAY = 36
"""A day of which less was seen (six hours) says nothing."""

SHARE_OF_DAYS = 0.75
RISE_A_DAY = 0.03


class Quiet(NamedTuple):
    """What is kept of the scores of one model at one source."""

    block: int = -1
    """Since 1970; it is not over yet."""
    top: float = 0.0
    """Of the block."""
    tops: tuple[float, ...] = ()
    """Of the day's blocks that are over, the highest first."""
    blocks: int = 0
    """How many of the day were seen."""
    days: tuple[float, ...] = ()
    """Of each of the latest days the level that was reached once too often."""
    mark: float = 0.0
    """What was learned; a mark that was entered counts while it is higher."""


def learn(quiet: Quiet, rule: PersistenceRule, at: datetime, level: float) -> Quiet:
    """Take the level of a clip. What lies before the latest block changes nothing; the same object
    comes back where nothing changed.
    """
    block = int(at.timestamp()) // BLOCK_S
    if block < quiet.block or (block == quiet.block and level <= quiet.top):
        return quiet
    if block == quiet.block:
        return quiet._replace(top=level)
    if quiet.block >= 0:
        tops = tuple(sorted((*quiet.tops, quiet.top), reverse=True)[:MOST_TOPS])
        is_over = block * BLOCK_S // DAY_S > quiet.block * BLOCK_S // DAY_S
        quiet = quiet._replace(tops=tops, blocks=quiet.blocks + 1)
        quiet = _end_day(quiet, rule) if is_over else quiet
    return quiet._replace(block=block, top=level)


def only_latest(quiet: Quiet, rule: PersistenceRule, count: int) -> Quiet:
    """The days before the latest are of another scene, and forgotten."""
    days = quiet.days[-count:]
    if rule.budget_per_day is None:
        return quiet._replace(days=days)
    mark = _mark(days, rule, rule.budget_per_day, quiet.mark)
    return quiet._replace(days=days, mark=mark)


def raised(rule: PersistenceRule, high: float) -> PersistenceRule:
    """The rule with another high mark; `alone` keeps its distance."""
    if high == rule.high:
        return rule
    alone = None if rule.alone is None else min(1.0, rule.alone + high - rule.high)
    return rule.model_copy(update={"high": high, "alone": alone})


def _end_day(quiet: Quiet, rule: PersistenceRule) -> Quiet:
    tops, blocks = quiet.tops, quiet.blocks
    quiet = quiet._replace(tops=(), blocks=0)
    budget = rule.budget_per_day
    if blocks < BLOCKS_A_DAY or budget is None or budget >= MOST_TOPS:
        return quiet
    allowed = floor(budget)
    level = tops[allowed] if allowed < len(tops) else 0.0
    days = (*quiet.days, level)[-MOST_DAYS:]
    return quiet._replace(days=days, mark=_mark(days, rule, budget, quiet.mark))


def _mark(days: tuple[float, ...], rule: PersistenceRule, budget: float, before: float) -> float:
    """A step above what most days reached; the highest day never counts."""
    if len(days) < DAYS_FIRST:
        return before
    place = ceil(max(SHARE_OF_DAYS, 1 - budget) * len(days)) - 1
    level = sorted(days)[min(place, len(days) - 2)]
    slowly = max(rule.high, before) + RISE_A_DAY
    return round(max(rule.high, min(above(level), slowly, furthest(rule))), 4)
