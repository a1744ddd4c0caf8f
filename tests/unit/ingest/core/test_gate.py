"""Which clips the motion gate publishes, and what it reports of those it does not."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.ingest.core.cutting import Clip
from services.ingest.core.gate import ALIGNED, OPEN_CLIPS, REPORT_CLIPS, MotionGate, Still

HOP_S = 16 / 15


def clip(index: int) -> Clip[None]:
    return Clip(index, index * HOP_S, (index + 1) * HOP_S, ())


def gated(
    moves: list[bool], first: int = 0, missing: set[int] = frozenset()
) -> tuple[list[int], list[Still]]:  # type: ignore[assignment]
    """Indexes of what was published, and the reports, to the end of the camera."""
    gate: MotionGate[None] = MotionGate()
    published, stills = [], []
    for index, moved in enumerate(moves, first):
        if index not in missing:
            result = gate.take(clip(index), moved)
            published += [each.index for each in result.clips]
            stills += result.stills
    return published, [*stills, *gate.end()]


def test_a_camera_begins_with_its_gate_open() -> None:
    published, _ = gated([False] * 40)
    assert published == list(range(OPEN_CLIPS + ALIGNED))


@given(st.lists(st.booleans(), max_size=200), st.integers(0, 5))
def test_no_clip_with_motion_is_withheld_nor_the_clip_before_it(
    moves: list[bool], first: int
) -> None:
    published = set(gated(moves, first)[0])
    for index, moved in enumerate(moves, first):
        if moved:
            assert index in published
            assert index == first or index - 1 in published


@given(st.lists(st.booleans(), max_size=200), st.sets(st.integers(0, 200)), st.integers(0, 5))
def test_a_clip_is_published_once_in_order_or_counted(
    moves: list[bool], missing: set[int], first: int
) -> None:
    published, stills = gated(moves, first, missing)
    came = [index for index in range(first, first + len(moves)) if index not in missing]
    assert published == sorted(set(published))
    assert len(published) + sum(still.count for still in stills if still.is_over) == len(came)


@given(st.lists(st.booleans(), max_size=300))
def test_stretches_without_clips_begin_and_end_where_windows_do(moves: list[bool]) -> None:
    published = gated(moves)[0]
    for before, after in pairwise(published):
        if after != before + 1:
            assert (before + 1) % ALIGNED == after % ALIGNED == 0


@given(st.lists(st.booleans(), max_size=300))
def test_each_still_is_reported_from_its_beginning_to_its_end(moves: list[bool]) -> None:
    stills = gated(moves)[1]
    for before, after in pairwise(stills):
        is_same = before.start_s == after.start_s
        assert is_same is not before.is_over
        assert after.at_s >= before.at_s
        assert after.start_s >= before.at_s or is_same
    assert all(still.is_over for still in stills[-1:])


def test_a_night_reports_its_count_about_once_a_minute() -> None:
    stills = gated([False] * 5000)[1]
    assert len(stills) <= 5000 / REPORT_CLIPS + 2
    assert stills[0].count == ALIGNED
    assert stills[-1].count == 5000 - OPEN_CLIPS - ALIGNED


def test_the_stillness_ends_where_the_look_back_begins() -> None:
    published, stills = gated([False] * 21 + [True] + [False] * 10)
    assert published[OPEN_CLIPS + ALIGNED] == 20
    assert stills[1] == Still(6 * HOP_S, 20 * HOP_S, 14, is_over=True)


def test_after_a_gap_the_gate_is_open() -> None:
    published, stills = gated([False] * 60, missing=set(range(20, 31)))
    assert 31 in published
    assert stills[1].is_over
    assert stills[1].at_s == 20 * HOP_S
