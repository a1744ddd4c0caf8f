"""Laws of joining clips into windows, of the commit point, and of filling short windows."""

from collections.abc import Sequence
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.clips import ClipRecorded
from services.features.core import (
    Joining,
    Received,
    Window,
    commit_point,
    fill,
    join,
    reflect,
)
from tests.builders import clip, source


def run(clips: Sequence[ClipRecorded], window: int = 2, start: int = 0) -> list[Window]:
    state, windows = Joining(window), []
    for offset, one in enumerate(clips, start):
        state, complete = join(state, Received(one, offset))
        windows += complete
    return windows


def indexes(windows: Sequence[Window]) -> list[tuple[int, ...]]:
    return [tuple(one.index for one in window.clips) for window in windows]


@pytest.mark.parametrize(
    ("arriving", "expected"),
    [
        ([0, 1, 2, 3], [(0, 1), (2, 3)]),
        ([1, 2, 3], [(1,), (2, 3)]),  # begins inside a window: the half stands alone
        ([0, 2, 3], [(0,), (2, 3)]),  # a clip is missing
        ([0, 3, 4], [(0,), (3,)]),  # two are missing, and 4 still waits
        ([0, 1, 0, 1], [(0, 1), (0, 1)]),  # a job began again: the same window again
        ([0, 1, 2, 0, 1, 2, 3], [(0, 1), (0, 1), (2, 3)]),  # the held 2 is dropped, it comes again
        ([0, 0, 1], [(0, 1)]),
    ],
)
def test_clips_join_by_index(arriving: list[int], expected: list[tuple[int, ...]]) -> None:
    assert indexes(run([clip(index) for index in arriving])) == expected


def test_the_last_clip_closes_its_window_at_once() -> None:
    windows = run([clip(0), clip(1), clip(2, is_last=True)])
    assert indexes(windows) == [(0, 1), (2,)]
    assert [window.is_last for window in windows] == [False, True]


def test_clips_apart_in_time_are_no_neighbours() -> None:
    late = clip(1).model_copy(update={"start_s": 30.0, "end_s": 31.0})
    assert indexes(run([clip(0), late])) == [(0,), (1,)]


def test_sources_do_not_mix() -> None:
    one, other = source(1), source(2)
    arriving = [clip(0, one), clip(0, other), clip(1, one), clip(1, other)]
    windows = run(arriving)
    assert indexes(windows) == [(0, 1), (0, 1)]
    assert [window.source_id for window in windows] == [one, other]


@given(
    window=st.integers(1, 5),
    sources=st.lists(st.integers(0, 2), max_size=30),
    gaps=st.lists(st.booleans(), min_size=30, max_size=30),
)
def test_every_clip_is_in_exactly_one_window(
    window: int, sources: list[int], gaps: list[bool]
) -> None:
    arriving = _interleaved(sources, gaps)
    state, windows = Joining(window), []
    for offset, one in enumerate(arriving):
        state, complete = join(state, Received(one, offset))
        windows += complete
    done = [part.offset for window in windows for part in window.parts]
    assert sorted([*done, *state.held_offsets]) == list(range(len(arriving)))


@given(
    window=st.integers(1, 4),
    sources=st.lists(st.integers(0, 2), max_size=30),
    gaps=st.lists(st.booleans(), min_size=30, max_size=30),
    crash=st.integers(0, 30),
)
def test_a_restart_at_the_commit_point_forms_the_same_windows(
    window: int, sources: list[int], gaps: list[bool], crash: int
) -> None:
    arriving = _interleaved(sources, gaps)
    crash = min(crash, len(arriving))
    state, before = Joining(window), []
    for offset, one in enumerate(arriving[:crash]):
        state, complete = join(state, Received(one, offset))
        before += complete
    point = commit_point(crash, state.held_offsets, [one.span for one in before])
    after = run(arriving[point:], window, start=point)

    expected = {one.parts for one in run(arriving, window)}
    assert {one.parts for one in (*before, *after)} == expected
    settled = {one.parts for one in before if one.span[1] < point}
    assert settled.isdisjoint({one.parts for one in after})


def test_no_window_is_cut_in_two_by_a_commit() -> None:
    # 10 is held; (9, 11) reaches over it, and (7, 9) over the point that this gives.
    assert commit_point(13, [10], [(9, 11), (7, 9)]) == 7
    assert commit_point(13, [10], [(6, 8), (11, 12)]) == 10
    assert commit_point(13, [], [(11, 12)]) == 13


@pytest.mark.parametrize(
    ("count", "length", "expected"),
    [
        (4, 9, [0, 1, 2, 3, 2, 1, 0, 1, 2]),
        (1, 3, [0, 0, 0]),
        (2, 5, [0, 1, 0, 1, 0]),
        (3, 3, [0, 1, 2]),
    ],
)
def test_time_is_reflected(count: int, length: int, expected: list[int]) -> None:
    assert reflect(count, length) == expected
    frames = np.arange(count, dtype=np.uint8).reshape(count, 1, 1, 1)
    assert fill(frames, length).ravel().tolist() == expected


@given(count=st.integers(2, 40), more=st.integers(0, 40))
def test_no_filled_frame_freezes(count: int, more: int) -> None:
    shown = np.array(reflect(count, count + more))
    assert shown[:count].tolist() == list(range(count))
    assert (np.abs(np.diff(shown)) == 1).all()


@pytest.mark.parametrize(("count", "length"), [(0, 32), (33, 32)])
def test_a_window_cannot_be_made_of_nothing_nor_of_too_much(count: int, length: int) -> None:
    with pytest.raises(ValueError, match="cannot make"):
        fill(np.zeros((count, 1, 1, 3), np.uint8), length)


def _interleaved(sources: list[int], gaps: list[bool]) -> list[ClipRecorded]:
    """Clips of up to three sources in turn; a gap leaves one index out."""
    following: dict[UUID, int] = {}
    arriving = []
    for number, gap in zip(sources, gaps, strict=False):
        source_id = source(number)
        index = following.get(source_id, 0) + gap
        arriving.append(clip(index, source_id))
        following[source_id] = index + 1
    return arriving
