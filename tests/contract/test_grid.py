"""Laws of the grid: the clip of a moment is the same clip whoever cuts it."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
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


@pytest.mark.parametrize("spec", [ClipSpec(), ClipSpec(frame_rate=7.5), ClipSpec(hop=8)])
def test_cameras_that_begin_together_end_their_windows_at_different_moments(spec: ClipSpec) -> None:
    random, period_s = Random(3), 2 * spec.hop_s
    grids = [Grid.begun(UUID(int=random.getrandbits(128)), NOW, spec) for _ in range(400)]
    ages_s = [(NOW - grid.origin_at).total_seconds() for grid in grids]
    assert all(0 <= age_s < period_s for age_s in ages_s)
    tenths = Counter(int(10 * age_s / period_s) for age_s in ages_s)
    assert len(tenths) == 10
    assert max(tenths.values()) < 2 * 400 / 10
