"""Alarms: what the persistence rule of the stream makes of a video's scores, and where the high
mark must stand so that normal footage stays within a budget of alarms a camera and day.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from schemas.policies import PersistenceRule
from services.rules.persistence import Episode, Moment, RuleState, advance, close
from services.training.features import Features
from services.training.watching import Watched

DAY_S = 86400.0
LOWEST_MARK = 0.8
"""Scores below this are common on normal footage, however little of it was seen."""
MARKS = tuple(round(LOWEST_MARK + 0.005 * k, 4) for k in range(40))


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alert: what it spans, and when a person could first know of it."""

    start_s: float
    end_s: float
    opened_s: float


def alarms(watched: Watched, rule: PersistenceRule) -> list[Alarm]:
    """The alerts that the stream would open on calibrated scores, in order."""
    state, found = RuleState(), list[Alarm]()
    for moment in moments(watched):
        state, changes = advance(state, rule, moment)
        for change in changes:
            if change.kind == "opened":
                found.append(_alarm(change.episode, moment.end_s))
            elif change.kind == "closed":
                found[-1] = _alarm(change.episode, found[-1].opened_s)
    _, changes = close(state, rule, "source_ended")
    for change in changes:
        found[-1] = _alarm(change.episode, found[-1].opened_s)
    return found


def moments(watched: Watched) -> Iterator[Moment]:
    """The clips that the service would score: those of a window share its score."""
    features = watched.example.features
    spans = [span for row in range(len(features)) for span in _clips_of(features, row)]
    index = -1
    for row, start_s, end_s in spans:
        index = max(int(start_s / features.spec.hop_s + 1e-6), index + 1)
        yield Moment(index, start_s, end_s, min(max(float(watched.scores[row]), 0.0), 1.0))


def _alarm(episode: Episode, opened_s: float) -> Alarm:
    return Alarm(episode.first.start_s, episode.last.end_s, opened_s)


def high_mark(normal: Sequence[Watched], rule: PersistenceRule, per_day: float) -> float:
    """The lowest mark at which the rule keeps to `per_day` alarms on this normal footage.

    Footage shorter than the time between two alarms must raise none, and shows no more than that.
    """
    seconds = sum(one.example.features.duration_s for one in normal)
    allowed = int(per_day * seconds / DAY_S)
    low, high = 0, len(MARKS) - 1
    while low < high:
        middle = (low + high) // 2
        marked = rule.model_copy(update={"high": MARKS[middle]})
        if sum(len(alarms(one, marked)) for one in normal) <= allowed:
            high = middle
        else:
            low = middle + 1
    return MARKS[low]


def _clips_of(features: Features, row: int) -> Iterator[tuple[int, float, float]]:
    hop_s, end_s = features.spec.hop_s, float(features.end_s[row])
    for k in range(features.window):
        start_s = float(features.start_s[row]) + k * hop_s
        if start_s >= end_s - 1e-6:
            return
        last = k == features.window - 1
        yield row, start_s, end_s if last else min(start_s + features.spec.duration_s, end_s)
