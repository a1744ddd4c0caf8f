"""Alarms: what the persistence rule of the stream makes of a video's scores, and where the high
mark must stand so that normal footage stays within a budget of alarms a camera and day.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from schemas.alerts import AlertClosed, AlertOpened
from schemas.ids import NAMESPACE, clip_id
from schemas.scores import ClipScored
from services.scoring.core import Rule, State, step
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


def alarms(watched: Watched, rule: Rule) -> list[Alarm]:
    """The alerts that the stream would open on calibrated scores, in order."""
    state, found = State(), dict[UUID, Alarm]()
    for clip in clips(watched):
        state, told = step(state, rule, clip)
        for alert in told:
            if isinstance(alert, AlertOpened):
                found[alert.alert_id] = Alarm(alert.start_s, alert.end_s, clip.end_s)
            elif isinstance(alert, AlertClosed):
                opened = found[alert.alert_id]
                found[alert.alert_id] = Alarm(alert.start_s, alert.end_s, opened.opened_s)
    return list(found.values())


def clips(watched: Watched) -> Iterator[ClipScored]:
    """The scored clips that the service would publish: those of a window share its score."""
    features = watched.example.features
    source_id = uuid5(NAMESPACE, features.video)
    spans = [span for row in range(len(features)) for span in _clips_of(features, row)]
    for index, (row, start_s, end_s) in enumerate(spans):
        score = min(max(float(watched.scores[row]), 0.0), 1.0)
        yield ClipScored(
            clip_id=clip_id(source_id, start_s),
            source_id=source_id,
            index=index,
            start_s=start_s,
            end_s=end_s,
            score=score,
            calibrated=score,
            head="head",
            model_id="head",
            backbone=features.backbone,
            is_last=index == len(spans) - 1,
        )


def high_mark(normal: Sequence[Watched], rule: Rule, per_day: float) -> float:
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
