"""Laws of joining clips of one source into windows, and of filling short windows."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.clips import ClipRecorded, ClipSpec
from services.features.core import Layout, Received, Window, fill, reflect, step, windows
from tests.builders import ORIGIN, clip

PAIRS = Layout(window=2, stride=2)
LAYOUTS = st.integers(1, 5).flatmap(
    lambda window: st.builds(Layout, st.just(window), st.integers(1, window))
)


def joined(clips: Iterable[ClipRecorded], layout: Layout = PAIRS) -> list[Window]:
    return list(windows((Received(one, k) for k, one in enumerate(clips)), layout))


def indexes(found: Sequence[Window]) -> list[tuple[int, ...]]:
    return [tuple(one.index for one in window.clips) for window in found]


def fresh(found: Sequence[Window]) -> list[int]:
    return [one.index for window in found for one in window.clips[-window.fresh_count :]]


@pytest.mark.parametrize(
    ("arriving", "expected"),
    [
        ([0, 1, 2, 3], [(0, 1), (2, 3)]),
        ([1, 2, 3], [(1,), (2, 3)]),  # begins inside a window: the half stands alone
        ([0, 2, 3], [(0,), (2, 3)]),  # a clip is missing
        ([0, 3, 4], [(0,), (3,)]),  # two are missing, and 4 still waits
        ([0, 1, 0, 1], [(0, 1)]),  # what came before is passed over
        ([0, 1, 2, 0, 1, 2, 3], [(0, 1), (2, 3)]),  # a job began again while 2 waited
        ([0, 0, 1], [(0, 1)]),
    ],
)
def test_clips_join_by_index(arriving: list[int], expected: list[tuple[int, ...]]) -> None:
    assert indexes(joined(clip(index) for index in arriving)) == expected


@pytest.mark.parametrize(
    ("layout", "arriving", "expected"),
    [
        (Layout(2, 1), [0, 1, 2, 3], [(0, 1), (1, 2), (2, 3)]),
        (Layout(2, 1), [5, 6, 8, 9], [(5, 6), (8, 9)]),
        (Layout(2, 1), [5, 7, 8], [(5,), (7, 8)]),  # alone between two gaps
        (Layout(4, 2), [0, 1, 2, 3, 4, 5], [(0, 1, 2, 3), (2, 3, 4, 5)]),
        (Layout(4, 2), [1, 2, 3, 4, 5], [(1, 2, 3), (2, 3, 4, 5)]),  # the next one leaves out 1
        (Layout(4, 2), [2, 3, 4, 5], [(2, 3, 4, 5)]),
        (Layout(4, 2), [0, 1, 2, 3, 4, 9], [(0, 1, 2, 3), (2, 3, 4)]),
        (Layout(1, 1), [3, 4], [(3,), (4,)]),
    ],
)
def test_windows_overlap_by_the_stride(
    layout: Layout, arriving: list[int], expected: list[tuple[int, ...]]
) -> None:
    found = joined((clip(index) for index in arriving), layout)
    assert indexes(found) == expected
    assert len(fresh(found)) == len(set(fresh(found)))


@pytest.mark.parametrize("stride", [0, 3])
def test_a_stride_beyond_the_window_is_refused(stride: int) -> None:
    with pytest.raises(ValueError, match="stride of 1 to 2"):
        Layout(2, stride)


def test_the_last_clip_closes_its_window_at_once() -> None:
    found = joined([clip(0), clip(1), clip(2, is_last=True)])
    assert indexes(found) == [(0, 1), (2,)]
    assert [window.is_last for window in found] == [False, True]


def test_a_last_clip_that_came_before_still_ends_the_source() -> None:
    (*_, end) = joined([clip(0), clip(1), clip(2), clip(1, is_last=True)])
    assert end.is_last


@pytest.mark.parametrize(
    "change",
    [
        {"origin_at": ORIGIN + timedelta(hours=1)},
        {"origin_at": ORIGIN - timedelta(hours=1)},
        {"spec": ClipSpec(frame_rate=10)},
    ],
)
def test_another_life_shares_no_window_and_is_not_silent(change: dict[str, Any]) -> None:
    before, after = [clip(index) for index in (4, 5, 6)], [clip(k, **change) for k in (3, 4, 5)]
    assert indexes(joined([*before, *after])) == [(4, 5), (6,), (3,), (4, 5)]


@given(LAYOUTS, st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=40))
def test_every_clip_is_fresh_in_exactly_one_window(
    layout: Layout, arriving: list[tuple[int, bool]]
) -> None:
    """Whatever is missing, comes twice or begins anew."""
    clips, index, life = [], 0, 0
    for gap, is_new in arriving:
        life += is_new
        clips += [clip(index, origin_at=ORIGIN + timedelta(days=life))] * (1 + gap % 2)
        index += 1 + gap // 2
    ending = clip(index, origin_at=ORIGIN + timedelta(days=life), is_last=True)
    found = joined([*clips, ending], layout)
    held = [one.clip_id for window in found for one in window.clips[-window.fresh_count :]]
    assert held == list(dict.fromkeys(one.clip_id for one in (*clips, ending)))


@given(LAYOUTS, st.integers(0, 12), st.integers(1, 20))
def test_windows_are_full_and_on_the_grid_wherever_they_can_be(
    layout: Layout, begin: int, count: int
) -> None:
    found = joined((clip(index) for index in range(begin, begin + count)), layout)
    for window in found:
        last = window.clips[-1].index
        assert layout.is_end(last)
        assert window.clips[0].index == max(begin, last - layout.window + 1)
    assert sum(len(window.clips) < layout.window for window in found) <= 1


@given(LAYOUTS, st.lists(st.integers(1, 3), max_size=60))
def test_what_waits_of_a_source_is_bounded(layout: Layout, steps: list[int]) -> None:
    run, index = None, 0
    for offset, ahead in enumerate(steps):
        index += ahead
        run, _ = step(run, Received(clip(index), offset, content=b"pixels"), layout)
        assert run is not None
        assert len(run.parts) < layout.window + layout.stride
        assert sum(part.content is not None for part in run.parts) < layout.window


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
