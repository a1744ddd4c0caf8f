"""Moments of live frames: by arrival, smoothed by the source's own clock while both agree."""

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.core import LiveClock, Timing
from services.ingest.core.timing import MOST_LAG_S

DAY_S = 24 * 3600.0


def placed(frames: Iterable[tuple[float, float | None]]) -> list[float]:
    timing = Timing()
    return [timing.place(arrived_s, pts_s) for arrived_s, pts_s in frames]


def steps(times: list[float]) -> list[float]:
    return [after - before for before, after in pairwise(times)]


@given(
    waits=st.lists(st.floats(0, 20), min_size=1, max_size=60),
    stamps=st.lists(st.none() | st.floats(-1e6, 1e6), min_size=60, max_size=60),
)
def test_whatever_a_camera_stamps_time_never_goes_back_nor_leaves_arrival(
    waits: list[float], stamps: list[float | None]
) -> None:
    timing, arrived_s, latest_s = Timing(), 1000.0, 0.0
    for wait_s, stamp_s in zip(waits, stamps, strict=False):
        arrived_s += wait_s
        at_s = timing.place(arrived_s, stamp_s)
        assert latest_s <= at_s <= arrived_s
        assert at_s >= arrived_s - MOST_LAG_S - 1e-6
        latest_s = at_s


def test_jitter_and_bursts_of_the_network_are_taken_out() -> None:
    chance = random.Random(1)
    frames = [(50 + n / 25 + chance.uniform(0, 0.3), n / 25) for n in range(500)]
    arrived = 0.0
    in_order = [(arrived := max(arrived, came), pts) for came, pts in frames]
    times = placed(in_order)
    assert max(abs(step - 0.04) for step in steps(times)[100:]) < 0.03
    delays = [at_s - pts for at_s, (_, pts) in list(zip(times, frames, strict=True))[100:]]
    assert max(delays) - min(delays) < 0.15


def test_a_stall_that_the_network_makes_up_for_leaves_no_gap() -> None:
    frames = [(n / 25 if not 250 <= n < 300 else 12.0, n / 25) for n in range(500)]
    assert max(steps(placed(frames))) < 0.05


def test_a_camera_that_stamps_25_and_delivers_21_keeps_up_with_arrival() -> None:
    times = placed((n / 21, n / 25) for n in range(21 * 600))
    assert max(steps(times)) < 0.06
    assert 599 - times[-1] < 1.0


def test_times_that_begin_again_leave_no_gap_and_no_new_order() -> None:
    times = placed((n / 25, (n % 250) / 25) for n in range(2500))
    assert max(steps(times)) < 0.05
    assert times[-1] > 2499 / 25 - 0.05


def test_times_that_never_move_are_no_times() -> None:
    times = placed((n / 25, 7.0) for n in range(100))
    assert times == pytest.approx([n / 25 for n in range(100)])


def test_a_day_of_a_camera_whose_clock_is_off_does_not_drift() -> None:
    off, chance = 1 + 200e-6, random.Random(3)
    timing, worst_s = Timing(), 0.0
    for second in range(0, int(DAY_S), 1):
        seen_s = second + chance.random() * 0.01
        at_s = timing.place(seen_s + 0.02 + chance.random() * 0.02, seen_s * off)
        if second > 10:
            worst_s = max(worst_s, abs(at_s - seen_s))
    assert worst_s < 0.05


def test_a_wall_clock_that_is_off_a_little_is_followed_slowly_and_never_back() -> None:
    start = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # the night in which summer time begins
    clock, latest = LiveClock(start, 0.0), start
    for second in range(1, 7200):
        wall = start + timedelta(seconds=second + (-2.0 if second > 600 else 0.0))
        clock.follow(wall, float(second))
        assert latest < clock.at(float(second))
        latest = clock.at(float(second))
    assert abs((latest - (start + timedelta(seconds=7199 - 2))).total_seconds()) < 0.01
