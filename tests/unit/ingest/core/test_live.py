"""Endless sources: whoever cuts the clip of a moment cuts the same clip."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.clips import ClipSpec, Grid
from services.chassis.media.timeline import HOLD_S
from services.ingest.core import Clip, LiveClock, LiveCutter

ORIGIN = datetime(2026, 1, 1, tzinfo=UTC)
GRID = Grid(origin_at=ORIGIN)
MONTH_S = 30 * 24 * 3600.0


def same(number: int, _at_s: float) -> int:
    return number


def seen(start_s: float, seconds: float, grid: Grid = GRID, rate: float = 15) -> list[Clip[int]]:
    """What a worker cuts that watches for so long; a picture is its number since the origin."""
    cutter: LiveCutter[int, int] = LiveCutter(grid, same)
    clips = []
    first = round(start_s * rate)
    for number in range(first, first + round(seconds * rate)):
        clips += cutter.show(number, ORIGIN + timedelta(seconds=number / rate))
    return clips


def test_the_clip_of_a_moment_is_the_same_whoever_cuts_it() -> None:
    whole = seen(MONTH_S, 60)
    assert len(whole) == 56
    for restart_s in (0.4, 7.3, 21.05):
        again = seen(MONTH_S + restart_s, 30)
        assert set(again) <= set(whole)


def test_a_clip_begun_in_its_middle_is_left_out() -> None:
    begins_s = MONTH_S + 0.5
    first = seen(begins_s, 10)[0]
    assert begins_s <= first.start_s < begins_s + GRID.spec.hop_s
    assert len(first.pictures) == 16
    assert first.index == GRID.index_at(ORIGIN + timedelta(seconds=first.start_s))


@pytest.mark.parametrize("outage_s", [3.0, 60.0, 3600.0])
def test_an_outage_is_missing_indexes_and_makes_nothing_up(outage_s: float) -> None:
    cutter: LiveCutter[int, int] = LiveCutter(GRID, same)
    clips: list[Clip[int]] = []
    times = [n / 15 for n in range(100)] + [100 / 15 + outage_s + n / 15 for n in range(100)]
    for number, at_s in enumerate(times):
        clips += cutter.show(number, ORIGIN + timedelta(seconds=at_s))
    missing = (clips[-1].index - clips[0].index + 1) - len(clips)
    assert abs(missing * GRID.spec.hop_s - (outage_s - HOLD_S)) < 2 * GRID.spec.hop_s
    assert sum(len(clip.pictures) for clip in clips) <= 200 + HOLD_S * 15


def test_a_source_that_dies_has_its_last_clip_closed() -> None:
    cutter: LiveCutter[int, int] = LiveCutter(GRID, same)
    clips = [c for n in range(20) for c in cutter.show(n, ORIGIN + timedelta(seconds=n / 15))]
    assert [clip.index for clip in clips] == [0]
    closed = [c for s in range(2, 9) for c in cutter.idle(ORIGIN + timedelta(seconds=s))]
    assert [clip.index for clip in closed] == [1, 2, 3]
    assert len(closed[-1].pictures) < 16
    assert not list(cutter.idle(ORIGIN + timedelta(hours=5)))


def test_times_never_go_back_and_nothing_lies_before_the_origin() -> None:
    cutter: LiveCutter[int, int] = LiveCutter(GRID, same)
    for at_s in (-5.0, 3.0, 2.0, 3.1):
        assert not list(cutter.show(0, ORIGIN + timedelta(seconds=at_s)))


@given(
    cuts=st.lists(st.floats(0.1, 9), max_size=6),
    hop=st.integers(1, 20),
    frames=st.integers(1, 20),
)
def test_any_chain_of_workers_cuts_what_a_single_one_cuts(
    cuts: list[float], hop: int, frames: int
) -> None:
    grid = Grid(origin_at=ORIGIN, spec=ClipSpec(frames=frames, hop=hop))
    whole = set(seen(1000, sum(cuts) + 5, grid))
    start_s = 1000.0
    for seconds in cuts:
        for clip in seen(start_s, seconds, grid):
            assert clip in whole
        start_s += seconds


def test_the_wall_clock_is_followed_only_when_it_is_set_far() -> None:
    clock = LiveClock(ORIGIN, 500.0)
    assert clock.at(560.0) == ORIGIN + timedelta(seconds=60)
    for step_s, has_stepped in ((0, False), (-5, False), (5, False), (3600, True), (-3600, True)):
        wall = ORIGIN + timedelta(seconds=60 + step_s)
        assert clock.has_stepped(wall, 560.0) is has_stepped


def test_only_sampled_frames_are_drawn_and_each_once() -> None:
    drawn: list[int] = []
    cutter: LiveCutter[int, None] = LiveCutter(GRID, lambda number, _: drawn.append(number))
    for number in range(120):
        list(cutter.show(number, ORIGIN + timedelta(seconds=number / 60)))
    assert len(drawn) == len(set(drawn)) == 30
