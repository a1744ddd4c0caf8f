"""What the alarms are worth: events that raise one, how soon, and how often for nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from schemas.policies import PersistenceRule
from services.training.budget import DAY_S, Alarm, alarms
from services.training.datasets import Span
from services.training.metrics import rate_interval
from services.training.watching import Watched


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: whether an alert told of it, and after how many seconds."""

    label: str
    alarmed: bool
    delay_s: float | None
    """None where it raised none, or where nobody wrote down when it began."""


def events(watched: Watched, found: Sequence[Alarm]) -> Iterator[Event]:
    """Every span of a video, or the whole video where its spans are not known."""
    example = watched.example
    if example.is_normal:
        return
    if example.labelled.spans is None:
        yield Event(example.labelled.label, bool(found), None)
        return
    for span in example.labelled.spans:
        near = [one for one in found if touches(one, span, tolerance_s(watched))]
        first = min((one.opened_s for one in near), default=None)
        delay_s = None if first is None else max(first - span.start_s, 0.0)
        yield Event(span.label, bool(near), delay_s)


def touches(alarm: Alarm, span: Span, tolerance_s: float) -> bool:
    return alarm.start_s < span.end_s + tolerance_s and alarm.end_s > span.start_s


def tolerance_s(watched: Watched) -> float:
    """A window sees what ended within it: an alert may be so much late and still mean it."""
    return watched.example.features.window * watched.example.features.spec.duration_s


def tally(watched: Sequence[Watched], rule: PersistenceRule) -> dict[str, Any]:
    """Events alarmed, time to alert, and false alarms on normal videos a camera and day."""
    found = [alarms(one, rule) for one in watched]
    happened = [
        event for one, told in zip(watched, found, strict=True) for event in events(one, told)
    ]
    quiet = [(one, told) for one, told in zip(watched, found, strict=True) if one.example.is_normal]
    false = sum(len(told) for _, told in quiet)
    days = sum(one.example.features.duration_s for one, _ in quiet) / DAY_S
    return {
        "events": len(happened),
        "events_alarmed": sum(event.alarmed for event in happened),
        "share_alarmed": _share(happened),
        "time_to_alert_s": _median_delay(happened),
        "normal_hours": days * 24,
        "false_alarms": false,
        "false_alarms_per_day": false / days if days else None,
        "false_alarms_per_day_95": list(rate_interval(false, days)),
        "normal_videos_alarmed": sum(bool(told) for _, told in quiet),
        "alarms_beside_events": sum(
            _beside(one, told) for one, told in zip(watched, found, strict=True)
        ),
    }


def by_label(watched: Sequence[Watched], rule: PersistenceRule) -> dict[str, dict[str, Any]]:
    """Events and how many raised an alert, for each label."""
    happened = [event for one in watched for event in events(one, alarms(one, rule))]
    found: dict[str, dict[str, Any]] = {}
    for label in sorted({event.label for event in happened}):
        own = [event for event in happened if event.label == label]
        found[label] = {
            "events": len(own),
            "events_alarmed": sum(event.alarmed for event in own),
            "share_alarmed": _share(own),
            "time_to_alert_s": _median_delay(own),
        }
    return found


def _share(happened: Sequence[Event]) -> float | None:
    return sum(event.alarmed for event in happened) / len(happened) if happened else None


def _median_delay(happened: Sequence[Event]) -> float | None:
    delays = [event.delay_s for event in happened if event.delay_s is not None]
    return float(np.median(delays)) if delays else None


def _beside(watched: Watched, found: Sequence[Alarm]) -> int:
    """Alarms in an anomalous video that touch none of its events."""
    spans = watched.example.labelled.spans
    if not spans:
        return 0
    reach_s = tolerance_s(watched)
    return sum(not any(touches(one, span, reach_s) for span in spans) for one in found)
