"""Media time from whatever a recorder wrote down: laws, and the jumps that were seen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.media.timeline import GAPS_S, JUMP_S, MOST_HOLD_S, Frame, Timeline

HOUR_S = 3600.0


def placed(times: list[float | None], step_s: float = 0.1) -> list[float]:
    timeline = Timeline(step_s)
    return [timeline.place(Frame(n, at_s)).start_s for n, at_s in enumerate(times)]


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([7.0, 7.1, 7.2], [0, 0.1, 0.2]),
        ([None, None, None], [0, 0.1, 0.2]),
        ([5.0, None, 5.2], [0, 0.1, 0.2]),
        ([None, None, 5.0, 5.1], [0, 0.1, 0.2, 0.3]),
        ([0.0, 0.1, 0.06, 0.2], [0, 0.1, 0.1, 0.2]),
        ([100.0, 100.1, 3.0, 3.1], [0, 0.1, 0.2, 0.3]),
        ([0.0, 0.1, HOUR_S, HOUR_S + 0.1], [0, 0.1, HOUR_S, HOUR_S + 0.1]),
        ([0.0, 0.1, 26.5 * HOUR_S, 26.5 * HOUR_S + 0.1], [0, 0.1, 0.2, 0.3]),
        ([0.0, 13 * HOUR_S, 26 * HOUR_S], [0, 13 * HOUR_S, 13 * HOUR_S + 0.1]),
        ([-3.0, -2.9], [0, 0.1]),
    ],
    ids=[
        "begins anywhere", "no times", "a time is missing",
        "times come later", "jitter stands still",
        "a clock that begins anew goes on", "a leap is a gap", "a wrap of MPEG-TS is no gap",
        "gaps past a day in all are another clock", "begins before zero",
    ],
)  # fmt: skip
def test_times_as_they_were_seen(times: list[float | None], expected: list[float]) -> None:
    assert placed(times) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("times", "splices"),
    [
        ([7.0, 7.1, 7.05, 9.0], 0),
        ([7.0, 7.0 + HOUR_S], 0),
        ([7.0, 7.1, 0.0, 0.1], 1),
        ([7.0, 0.0, 7.0, 0.0], 2),
        ([0.0, 30 * HOUR_S], 1),
    ],
)
def test_it_tells_whether_a_moment_can_be_sought(times: list[float], splices: int) -> None:
    timeline = Timeline(0.1)
    for at_s in times:
        timeline.place(Frame("", at_s))
    assert timeline.splices == splices


def test_a_claimed_duration_is_believed_within_bounds() -> None:
    timeline = Timeline(0.1)
    assert timeline.place(Frame("", 0.0, 12 * HOUR_S)).end_s == MOST_HOLD_S
    assert timeline.place(Frame("", None)).start_s == MOST_HOLD_S


anywhen = st.none() | st.floats(-1e9, 1e9)


@given(times=st.lists(anywhen, max_size=60))
def test_it_begins_at_zero_never_goes_back_and_stays_within_bounds(
    times: list[float | None],
) -> None:
    starts = placed(times)
    assert starts[:1] in ([], [0])
    assert starts == sorted(starts)
    assert all(start <= GAPS_S + n * MOST_HOLD_S for n, start in enumerate(starts, 1))


@given(
    steps=st.lists(st.floats(-JUMP_S / 2, 60), max_size=60),
    begins_s=st.floats(-1e5, 1e5),
)
def test_without_a_splice_it_is_the_files_time_less_a_constant(
    steps: list[float], begins_s: float
) -> None:
    times, latest = [begins_s], begins_s
    for step in steps:
        times.append(latest + step)
        latest = max(latest, times[-1])
    for at_s, start_s in zip(times, placed(list(times)), strict=True):
        assert start_s >= at_s - begins_s - 1e-6
        assert start_s - (at_s - begins_s) <= JUMP_S
