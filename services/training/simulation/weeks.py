"""Weeks of one camera under a way of calibrating: the stream's own core over its visits. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from numpy.random import Generator

from schemas.policies import PersistenceRule
from services.rules.learning import NOTHING, Calibrated, count_alarm, hear, learn, mark
from services.rules.verdicts import Kind, Verdict
from services.training.simulation.scenes import Seen, quiet_blocks

START = datetime(2026, 6, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Way:
    """How a camera is calibrated: by its days (a budget), by verdicts, by both, by neither."""

    name: str
    budget_per_day: float | None = None
    reviewed: float = 0.0
    """The share of alarms that somebody says something of, minutes after."""
    reported: float = 0.0
    """The share of missed events that somebody reports."""


def ways(budget_per_day: float) -> tuple[Way, ...]:
    return (
        Way("as entered"),
        Way("days", budget_per_day),
        Way("verdicts", None, 0.7, 0.2),
        Way("days and verdicts", budget_per_day, 0.7, 0.2),
    )


class Day(NamedTuple):
    """What a day brought."""

    false_alarms: int
    events: int
    caught: int
    mark: float
    """In force at its end."""
    is_drifting: bool


def live(
    days: Sequence[Sequence[Seen]], rule: PersistenceRule, way: Way, draw: Generator
) -> list[Day]:
    """Every visit is an alarm where it reaches the mark in force then."""
    rule = rule.model_copy(update={"budget_per_day": way.budget_per_day})
    kept, found = NOTHING, []
    for number, seen in enumerate(days):
        false_alarms = caught = 0
        quiet = [Seen(at_s, 0.0, 0.0, False) for at_s in quiet_blocks(number)]
        for visit in sorted((*quiet, *seen)):
            is_alarm = visit.level >= mark(kept, rule)
            kept = learn(kept, rule, START + timedelta(seconds=visit.at_s), visit.level)
            false_alarms += is_alarm and not visit.is_event
            caught += is_alarm and visit.is_event
            kept = count_alarm(kept) if is_alarm else kept
            kept = _said(kept, visit, is_alarm, way, draw)
        events = sum(visit.is_event for visit in seen)
        drift = bool(kept.diary.drift)
        found.append(Day(false_alarms, events, caught, mark(kept, rule), drift))
    return found


def _said(kept: Calibrated, visit: Seen, is_alarm: bool, way: Way, draw: Generator) -> Calibrated:
    """What people say of an alarm, or of an event that raised none."""
    if not (is_alarm or visit.is_event):
        return kept
    if draw.random() >= (way.reviewed if is_alarm else way.reported):
        return kept
    kind: Kind = "missed" if not is_alarm else "true" if visit.is_event else "false"
    said_at = START.timestamp() + visit.at_s
    return hear(kept, Verdict(draw.bytes(16), kind, visit.peak, said_at))
