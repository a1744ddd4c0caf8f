"""Verdicts of people as episodes take them: which model of which run they are about. Pure."""

from collections.abc import Iterator
from typing import NamedTuple

from schemas.reviews import AlertReviewed, EventMissed
from services.rules.verdicts import Kind, Verdict


class Aimed(NamedTuple):
    """A verdict, and the model of a run that it is about."""

    run: str
    model_id: str
    verdict: Verdict


def aimed(message: AlertReviewed | EventMissed) -> Iterator[Aimed]:
    """Of scored alerts at cameras alone: conditions and presence have no mark, and an upload has no
    tomorrow. Without a verdict an alert counts as one whose verdict was withdrawn.
    """
    if isinstance(message, EventMissed):
        yield from _missed(message)
        return
    alert = message.alert
    if alert is None or alert.peak_score is None or alert.source_kind != "camera":
        return
    said_at = message.reviewed_at.timestamp()
    kind: Kind = message.verdict or "withdrawn"
    verdict = Verdict(message.alert_id.bytes, kind, alert.peak_score, said_at)
    yield Aimed(alert.run, alert.model_id, verdict)


def _missed(message: EventMissed) -> Iterator[Aimed]:
    said_at = message.reported_at.timestamp()
    kind: Kind = "withdrawn" if message.is_withdrawn else "missed"
    for level in message.levels:
        verdict = Verdict(message.event_id.bytes, kind, level.level, said_at)
        yield Aimed(level.run, level.model_id, verdict)
