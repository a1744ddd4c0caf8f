"""Which part of a video is evidence of an alert, and when what was cut must be cut again."""

from dataclasses import dataclass

from schemas.alerts import AlertClosed
from services.alerts.core import Alert


@dataclass(frozen=True)
class Span:
    """A stretch of media time, seconds from the source's start."""

    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s


@dataclass(frozen=True)
class Margins:
    """How much around an episode is kept, and how long evidence may be in all."""

    before_s: float = 5.0
    after_s: float = 5.0
    most_s: float = 120.0


def evidence_span(alert: Alert, margins: Margins = Margins()) -> Span:
    """The episode with its margins; of a very long one the part around the peak.

    Never before the start of the source, never longer than `most_s`, and the peak is inside.
    """
    start_s = max(0.0, alert.start_s - margins.before_s)
    end_s = max(alert.end_s, alert.peak_s, alert.start_s) + margins.after_s
    start_s = min(start_s, alert.peak_s)
    if end_s - start_s <= margins.most_s:
        return Span(start_s, end_s)
    centred_s = alert.peak_s - margins.most_s / 2
    start_s = min(max(start_s, centred_s), end_s - margins.most_s)
    return Span(start_s, start_s + margins.most_s)


@dataclass(frozen=True)
class Made:
    """What lies in the object store for an alert. Absent keys say that it could not be made."""

    span: Span
    peak_s: float
    snapshot_key: str | None = None
    evidence_key: str | None = None
    note: str = ""


@dataclass(frozen=True)
class Wanted:
    """What to make now."""

    snapshot: bool
    evidence: bool


def wanted(alert: Alert, before: Made | None, margins: Margins = Margins()) -> Wanted:
    """A picture of another peak, at the end a cut of the whole, and whatever failed before.

    An episode only grows: a replay of older news than what was made asks for nothing. While it
    goes on it is not cut again at every higher peak.
    """
    if before is None:
        return Wanted(snapshot=True, evidence=True)
    span = evidence_span(alert, margins)
    newer = span.end_s >= before.span.end_s
    over = isinstance(alert, AlertClosed)
    return Wanted(
        snapshot=before.snapshot_key is None or (newer and alert.peak_s != before.peak_s),
        evidence=before.evidence_key is None or (newer and over and span != before.span),
    )
