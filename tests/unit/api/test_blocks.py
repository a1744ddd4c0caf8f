"""Packed scores: what goes in comes out, in few bytes."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api.scores.blocks import (
    FRESH,
    NOTHING,
    PACKED,
    Scores,
    UnreadableBlock,
    merged,
    pack,
    unpack,
)

RAW = st.floats(-511, 511, allow_nan=False)
UNIT = st.floats(0, 1)


@st.composite
def some_scores(draw: st.DrawFn, raw: st.SearchStrategy[float] = RAW) -> Scores:
    """Scores of a fresh block that begins at 3 * FRESH."""
    offsets = sorted(draw(st.sets(st.integers(0, FRESH - 1), max_size=FRESH)))
    index_N = np.array(offsets, np.int64) + 3 * FRESH
    count = len(offsets)
    raws = draw(st.lists(raw, min_size=count, max_size=count))
    calibrated = draw(st.lists(UNIT, min_size=count, max_size=count))
    short = {int(index_N[-1]): 0.25} if count else {}
    return Scores(index_N, np.array(raws, float), np.array(calibrated, float), short)


@given(some_scores())
def test_scores_survive_to_a_millionth(scores: Scores) -> None:
    back = unpack(pack(scores, 3 * FRESH, FRESH), 3 * FRESH)
    np.testing.assert_array_equal(back.index_N, scores.index_N)
    np.testing.assert_allclose(back.raw_N, scores.raw_N, rtol=0, atol=5e-7)
    np.testing.assert_allclose(back.calibrated_N, scores.calibrated_N, rtol=0, atol=5e-7)
    assert back.short == scores.short


@given(some_scores(st.floats(-1e300, 1e300)))
def test_large_scores_survive_to_some_part_of_the_largest(scores: Scores) -> None:
    back = unpack(pack(scores, 3 * FRESH, FRESH), 3 * FRESH)
    largest = max(1e-3, float(np.max(np.abs(scores.raw_N), initial=0)))
    np.testing.assert_allclose(back.raw_N / largest, scores.raw_N / largest, rtol=0, atol=1e-3)


@given(some_scores(), some_scores())
def test_merging_keeps_all_and_the_newer_of_two(older: Scores, newer: Scores) -> None:
    both = merged(older, newer)
    expected = dict(zip(older.index_N.tolist(), older.raw_N.tolist(), strict=True))
    expected |= dict(zip(newer.index_N.tolist(), newer.raw_N.tolist(), strict=True))
    assert dict(zip(both.index_N.tolist(), both.raw_N.tolist(), strict=True)) == expected
    assert both.index_N.tolist() == sorted(expected)


@given(some_scores())
def test_merging_the_same_again_changes_nothing(scores: Scores) -> None:
    again = merged(merged(NOTHING, scores), scores)
    assert pack(again, 3 * FRESH, FRESH) == pack(scores, 3 * FRESH, FRESH)


@given(st.binary(max_size=200))
def test_other_bytes_are_no_block(block: bytes) -> None:
    with pytest.raises(UnreadableBlock):
        unpack(block, 0)


def noise(count: int, slope: float = 1.0) -> Scores:
    chance = np.random.default_rng(5)
    raw_N = chance.normal(-2, 1.5, count)
    return Scores(np.arange(count, dtype=np.int64), raw_N, 1 / (1 + np.exp(-slope * raw_N)))


@pytest.mark.parametrize("slope", [0.5, 1.0, 3.0])
def test_a_wide_block_takes_less_than_four_bytes_a_clip(slope: float) -> None:
    block = pack(noise(PACKED, slope), 0, PACKED)
    assert len(block) < 4 * PACKED


def test_a_camera_month_takes_less_than_ten_megabytes() -> None:
    """2.43 million clips: blocks in pages of 16 KiB, as InnoDB keeps them; and the hours."""
    pages = math.ceil(len(pack(noise(PACKED), 0, PACKED)) / 16_000)
    blocks = 30 * 86_400 / (16 / 15) / PACKED * pages * 16_384
    hours = 30 * 24 * 300
    assert blocks + hours < 10_000_000


def test_a_few_clips_of_a_wide_block_take_few_bytes() -> None:
    assert len(pack(noise(5), 0, PACKED)) < 200


@pytest.mark.parametrize(("first", "stop"), [(0, 0), (3, 7), (0, 99), (50, 60)])
def test_a_part_of_scores(first: int, stop: int) -> None:
    part: Any = noise(10).between(first, stop).index_N.tolist()
    assert part == [index for index in range(10) if first <= index < stop]
