"""How far a run agrees with what people said: pure.

People judge what some run raised, and report what none did. So these figures compare runs with one
another; they are no measure of what happened in the world.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import sqrt

from services.api.comparisons.changes import Raised, overlap
from services.rules.intervals import Z, wilson


@dataclass(frozen=True)
class Stretch:
    """Of one source, in which something happened, or did not though an alert said so."""

    source_id: str
    since: datetime
    until: datetime


@dataclass(frozen=True)
class Figure:
    """A share with its interval of 95 %; `value` is None where nothing was counted."""

    value: float | None
    low: float
    high: float


@dataclass(frozen=True)
class Agreement:
    """Of a run. `caught` of `events` are those in which it had an alert."""

    true: int
    false: int
    caught: int
    events: int

    @property
    def precision(self) -> Figure:
        """The share of its alerts that people judged which they called true."""
        return share(self.true, self.true + self.false)

    @property
    def recall(self) -> Figure:
        """The share of what people called true, or reported as missed, that it raised."""
        return share(self.caught, self.events)

    @property
    def missed(self) -> int:
        return self.events - self.caught


def share(count: int, of: int) -> Figure:
    return Figure(count / of if of else None, *wilson(count, of))


def events_of(judged: Iterable[Raised], missed: Iterable[Stretch]) -> list[Stretch]:
    """What happened: alerts that were called true, by whichever run, and what was missed; what
    overlaps is one event.
    """
    true = [Stretch(a.source_id, a.started_at, a.ended_at) for a in judged if a.verdict is True]
    return merged([*true, *missed])


def non_events_of(judged: Iterable[Raised], events: Sequence[Stretch]) -> list[Stretch]:
    """Where an alert was called false and nothing happened."""
    false = (Stretch(a.source_id, a.started_at, a.ended_at) for a in judged if a.verdict is False)
    happened = _by_source(events)
    return [
        each
        for each in merged(false)
        if not any(_touch(each, event) for event in happened.get(each.source_id, ()))
    ]


def merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    """By source and time, none touching another of its source."""
    found: list[Stretch] = []
    for each in sorted(stretches, key=lambda one: (one.source_id, one.since, one.until)):
        if found and found[-1].source_id == each.source_id and each.since <= found[-1].until:
            last = found.pop()
            each = Stretch(each.source_id, last.since, max(last.until, each.until))
        found.append(each)
    return found


def agreement(
    alerts: Sequence[Raised], judged: Sequence[Raised], events: Sequence[Stretch]
) -> Agreement:
    """An alert counts by its own verdict, else by that of an overlapping one of the same source and
    rule, by whichever run; where several say different things, it is true.
    """
    by_rule: dict[tuple[str, str], list[Raised]] = defaultdict(list)
    for each in judged:
        by_rule[each.source_id, each.rule].append(each)
    verdicts = [_verdict(alert, by_rule[alert.source_id, alert.rule]) for alert in alerts]
    raised: dict[str, list[Raised]] = defaultdict(list)
    for alert in alerts:
        raised[alert.source_id].append(alert)
    caught = sum(
        any(overlap(alert, event.since, event.until) for alert in raised[event.source_id])
        for event in events
    )
    return Agreement(verdicts.count(True), verdicts.count(False), caught, len(events))


def area(positives: Sequence[float], negatives: Sequence[float]) -> Figure | None:
    """How often a positive lies above a negative, a tie counting half: the area under the curve,
    with Hanley and McNeil's interval. None without either.
    """
    p, n = len(positives), len(negatives)
    if not p or not n:
        return None
    ordered, wins = sorted(negatives), 0.0
    for value in positives:
        wins += (_rank(ordered, value) + _rank(ordered, value, is_right=True)) / 2
    auc = wins / (p * n)
    q1, q2 = auc / (2 - auc), 2 * auc * auc / (1 + auc)
    spread = auc * (1 - auc) + (p - 1) * (q1 - auc**2) + (n - 1) * (q2 - auc**2)
    half = Z * sqrt(max(0.0, spread) / (p * n))
    return Figure(auc, max(0.0, auc - half), min(1.0, auc + half))


def _verdict(alert: Raised, judged: Sequence[Raised]) -> bool | None:
    if alert.verdict is not None:
        return alert.verdict
    found = [each.verdict for each in judged if overlap(alert, each.started_at, each.ended_at)]
    return any(found) if found else None


def _rank(ordered: Sequence[float], value: float, is_right: bool = False) -> int:
    return (bisect_right if is_right else bisect_left)(ordered, value)


def _by_source(stretches: Iterable[Stretch]) -> Mapping[str, list[Stretch]]:
    found: dict[str, list[Stretch]] = defaultdict(list)
    for each in stretches:
        found[each.source_id].append(each)
    return found


def _touch(one: Stretch, other: Stretch) -> bool:
    return one.since <= other.until and other.since <= one.until
