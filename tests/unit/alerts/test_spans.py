"""Which part of a video is evidence, and when it is made again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.alerts import AlertClosed, AlertUpdated
from services.alerts.core.spans import Made, Margins, Span, Wanted, evidence_span, wanted
from tests.unit.alerts.room import alert

MARGINS = Margins(before_s=5, after_s=5, most_s=60)


@pytest.mark.parametrize(
    ("start_s", "end_s", "peak_s", "span"),
    [
        (10, 12, 11, (5, 17)),
        (2, 4, 3, (0, 9)),
        (0, 50, 25, (0, 55)),
        (100, 400, 250, (220, 280)),
        (100, 400, 100, (95, 155)),
        (100, 400, 400, (345, 405)),
        (100, 100, 100, (95, 105)),
    ],
)
def test_the_span_of_an_episode(
    start_s: float, end_s: float, peak_s: float, span: tuple[float, float]
) -> None:
    made = evidence_span(alert(start_s=start_s, end_s=end_s, peak_s=peak_s), MARGINS)
    assert (made.start_s, made.end_s) == span


SECONDS = st.floats(0, 1e6)


@given(SECONDS, SECONDS, SECONDS)
def test_the_span_is_bounded_and_holds_the_peak(start_s: float, long_s: float, at: float) -> None:
    peak_s = start_s + min(at, long_s)
    span = evidence_span(alert(start_s=start_s, end_s=start_s + long_s, peak_s=peak_s), MARGINS)
    assert span.start_s >= 0
    assert span.start_s - 1e-6 <= peak_s <= span.end_s + 1e-6
    assert 0 < span.duration_s <= MARGINS.most_s + 1e-6


FULL = Made(Span(0, 11), 5.0, "snapshot", "evidence")


def test_of_a_new_alert_everything_is_wanted() -> None:
    assert wanted(alert(), None) == Wanted(snapshot=True, evidence=True)


@pytest.mark.parametrize(
    ("end_s", "peak_s", "before", "result"),
    [
        (6.0, 5.0, FULL, (False, False)),
        (9.0, 5.0, FULL, (False, True)),
        (9.0, 8.0, FULL, (True, True)),
        (6.0, 4.5, FULL, (True, False)),
        (6.0, 5.0, Made(Span(0, 11), 5.0, None, "evidence"), (True, False)),
        (6.0, 5.0, Made(Span(0, 11), 5.0, "snapshot", None), (False, True)),
        (6.0, 5.0, Made(Span(0, 20), 8.0, "snapshot", "evidence"), (False, False)),
    ],
    ids=["replay", "longer", "new peak", "peak only", "no snapshot", "no cut", "older news"],
)
def test_what_is_made_again(
    end_s: float, peak_s: float, before: Made, result: tuple[bool, bool]
) -> None:
    needed = wanted(alert(AlertClosed, end_s=end_s, peak_s=peak_s), before)
    assert (needed.snapshot, needed.evidence) == result


def test_while_it_goes_on_only_the_picture_follows_the_peak() -> None:
    needed = wanted(alert(AlertUpdated, end_s=9.0, peak_s=8.0), FULL)
    assert (needed.snapshot, needed.evidence) == (True, False)
