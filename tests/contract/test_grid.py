"""Laws of the grid: the clip of a moment is the same clip whoever cuts it."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import ids
from schemas.clips import ClipSpec, Grid
from tests.builders import SOURCE

SPECS = st.builds(
    ClipSpec,
    frames=st.just(16),
    frame_rate=st.sampled_from([7.5, 8.0, 15.0, 25.0]),
    hop=st.sampled_from([8, 16]),
)
ORIGINS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
NOW = datetime(2026, 5, 1, tzinfo=UTC)
TEN_YEARS_OF_CLIPS = st.integers(0, 300_000_000)


@given(origin_at=ORIGINS, spec=SPECS, index=TEN_YEARS_OF_CLIPS)
def test_the_start_of_a_clip_lies_in_that_clip_for_ten_years(
    origin_at: datetime, spec: ClipSpec, index: int
) -> None:
    grid = Grid(origin_at=origin_at, spec=spec)
    assert grid.index_at(grid.moment(grid.start_s(index))) == index


@given(origin_at=ORIGINS, spec=SPECS, seconds=st.floats(0, 3e8))
def test_every_moment_has_one_clip_that_covers_it(
    origin_at: datetime, spec: ClipSpec, seconds: float
) -> None:
    grid = Grid(origin_at=origin_at, spec=spec)
    moment = origin_at + timedelta(seconds=seconds)
    index = grid.index_at(moment)
    since_s = (moment - origin_at).total_seconds()
    assert grid.start_s(index) - 1e-5 <= since_s <= grid.start_s(index + 1) + 1e-5


@given(origin_at=ORIGINS, spec=SPECS, before_s=st.floats(0.01, 1e6))
def test_what_lies_before_the_origin_has_a_negative_index(
    origin_at: datetime, spec: ClipSpec, before_s: float
) -> None:
    grid = Grid(origin_at=origin_at, spec=spec)
    assert grid.index_at(origin_at - timedelta(seconds=before_s)) < 0


@given(origin_at=ORIGINS, index=TEN_YEARS_OF_CLIPS, step_us=st.integers(1, 10**12))
def test_a_new_life_shares_no_clip_with_the_old_one(
    origin_at: datetime, index: int, step_us: int
) -> None:
    later = origin_at + timedelta(microseconds=step_us)
    assert ids.clip_id(SOURCE, origin_at, index) != ids.clip_id(SOURCE, later, index)


@given(origin_at=ORIGINS, later_s=st.floats(0, 1e8), source=st.uuids(), spec=SPECS)
def test_whenever_a_camera_begins_its_windows_end_at_the_moments_that_its_id_says(
    origin_at: datetime, later_s: float, source: UUID, spec: ClipSpec
) -> None:
    window_s = 2 * spec.hop_s
    moments = (origin_at, origin_at + timedelta(seconds=later_s))
    first, second = (Grid.begun(source, moment, spec) for moment in moments)
    assert all(
        -1e-5 <= (moment - grid.origin_at).total_seconds() <= window_s + 2e-3
        for moment, grid in zip(moments, (first, second), strict=True)
    )
    apart_s = (second.origin_at - first.origin_at).total_seconds()
    assert abs(apart_s - round(apart_s / window_s) * window_s) < 2e-3


@given(origin_at=ORIGINS, later_us=st.integers(3, 997), source=st.uuids())
def test_lives_that_begin_in_one_window_are_two(
    origin_at: datetime, later_us: int, source: UUID
) -> None:
    later = origin_at + timedelta(microseconds=later_us)
    first, second = (Grid.begun(source, moment, ClipSpec()) for moment in (origin_at, later))
    assert first.origin_at != second.origin_at


@given(removed=st.lists(st.integers(0, 49), unique=True, max_size=25))
def test_cameras_added_one_after_another_have_turns_far_apart(removed: list[int]) -> None:
    sources: list[UUID] = []
    for _ in range(50):
        sources.append(ids.spread_id(sources))
    kept = [source for number, source in enumerate(sources) if number not in removed]
    for count in range(1, 30):
        kept.append(ids.spread_id(kept))
        turns = sorted(map(ids.share_of, kept))
        gaps = [after - turn for turn, after in pairwise([*turns, turns[0] + 1])]
        if not removed:
            assert min(gaps) > 0.49 / len(kept)
        assert min(gaps) > 0.99 / 128, count
    assert {source.version for source in kept} == {4}
    assert len(set(kept)) == len(kept)


def test_windows_of_cameras_added_one_after_another_end_far_apart() -> None:
    sources: list[UUID] = []
    origins = list[datetime]()
    for number in range(4):
        sources.append(ids.spread_id(sources))
        now = NOW + timedelta(seconds=7.3 * number**2)
        origins.append(Grid.begun(sources[-1], now, ClipSpec()).origin_at)
    window_s = 2 * ClipSpec().hop_s
    turns = sorted((origin - NOW).total_seconds() % window_s for origin in origins)
    gaps = [after - turn for turn, after in pairwise([*turns, turns[0] + window_s])]
    assert min(gaps) == pytest.approx(window_s / 4, abs=1e-3)
