"""Which part of a video is evidence of an alert, and when what was cut must be cut again."""

from dataclasses import dataclass

from schemas.alerts import Alert, AlertClosed


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


def around_peak(alert: Alert) -> Span:
    """What the picture of the peak needs: of a camera it can be had before all of the episode."""
    return Span(max(0.0, alert.peak_s - 1.0), alert.peak_s + 0.5)


@dataclass(frozen=True)
class Evidence:
    """What lies in the object store for an alert: the picture of `peak_s`, the video of `span`.
    None where there is none. `note` says in words what went wrong.
    """

    peak_s: float | None = None
    span: Span | None = None
    note: str = ""


def wants_snapshot(alert: Alert, present: Evidence) -> bool:
    """A first picture, or one of a later and higher peak."""
    return present.peak_s is None or present.peak_s != alert.peak_s


def wants_video(alert: Alert, present: Evidence, margins: Margins = Margins()) -> bool:
    """A first cut, and once the episode is over one of the whole. While it goes on it is not cut
    again at every higher peak.
    """
    if present.span is None:
        return True
    return isinstance(alert, AlertClosed) and evidence_span(alert, margins) != present.span


def is_newer(alert: Alert, before: Alert) -> bool:
    """Whether `alert` says more of the episode than `before`, which only grows and ends once."""
    return _progress(alert) > _progress(before)


def _progress(alert: Alert) -> tuple[bool, float, float]:
    return isinstance(alert, AlertClosed), alert.end_s, alert.peak_score or 0.0
