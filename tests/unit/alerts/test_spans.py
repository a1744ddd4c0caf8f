"""Which part of a video is evidence, and when it is made again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.alerts import AlertClosed, AlertUpdated
from services.alerts.core.spans import (
    Evidence,
    Margins,
    Span,
    evidence_span,
    is_newer,
    wants_snapshot,
    wants_video,
)
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
    found = evidence_span(alert(start_s=start_s, end_s=end_s, peak_s=peak_s), MARGINS)
    assert (found.start_s, found.end_s) == span


SECONDS = st.floats(0, 1e6)


@given(SECONDS, SECONDS, SECONDS)
def test_the_span_is_bounded_and_holds_the_peak(start_s: float, long_s: float, at: float) -> None:
    peak_s = start_s + min(at, long_s)
    span = evidence_span(alert(start_s=start_s, end_s=start_s + long_s, peak_s=peak_s), MARGINS)
    assert span.start_s >= 0
    assert span.start_s - 1e-6 <= peak_s <= span.end_s + 1e-6
    assert 0 < span.duration_s <= MARGINS.most_s + 1e-6


FULL = Evidence(5.0, Span(0, 11))


def test_of_a_new_alert_everything_is_wanted() -> None:
    assert wants_snapshot(alert(), Evidence())
    assert wants_video(alert(), Evidence())


@pytest.mark.parametrize(
    ("end_s", "peak_s", "before", "expected"),
    [
        (6.0, 5.0, FULL, (False, False)),
        (9.0, 5.0, FULL, (False, True)),
        (9.0, 8.0, FULL, (True, True)),
        (6.0, 4.5, FULL, (True, False)),
        (6.0, 5.0, Evidence(None, Span(0, 11)), (True, False)),
        (6.0, 5.0, Evidence(5.0, None), (False, True)),
    ],
    ids=["replay", "longer", "new peak", "peak only", "no snapshot", "no cut"],
)
def test_what_is_made_again_once_it_is_over(
    end_s: float, peak_s: float, before: Evidence, expected: tuple[bool, bool]
) -> None:
    over = alert(AlertClosed, end_s=end_s, peak_s=peak_s)
    assert (wants_snapshot(over, before), wants_video(over, before)) == expected


def test_while_it_goes_on_only_the_picture_follows_the_peak() -> None:
    higher = alert(AlertUpdated, end_s=9.0, peak_s=8.0)
    assert wants_snapshot(higher, FULL)
    assert not wants_video(higher, FULL)


def test_an_episode_only_grows_and_ends_once() -> None:
    life = [
        alert(),
        alert(AlertUpdated, end_s=7.0),
        alert(AlertUpdated, end_s=7.0, peak_score=0.99),
        alert(AlertClosed, end_s=9.0, peak_score=0.99),
    ]
    for place, later in enumerate(life):
        assert [is_newer(later, before) for before in life] == [True] * place + [False] * (
            len(life) - place
        )
