"""Laws of many sources on one partition: safety over restarts, progress, and the work for it."""

import math
import random
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.clips import ClipRecorded
from services.features import joiner as joining
from services.features.core import Layout, Received, Window
from services.features.joiner import BULK, LIVE, MAX_RECORDS, Joiner, Patience
from tests.builders import clip, source

PAIRS = Layout(2, 2)
LAYOUTS = st.sampled_from([Layout(1, 1), Layout(2, 2), Layout(2, 1), Layout(3, 2), Layout(4, 1)])
MOVES = st.lists(st.tuples(st.integers(1, 5), st.integers(0, 9)), max_size=60)
"""Which source goes on, and what befalls it."""


def interleaved(moves: Sequence[tuple[int, int]]) -> list[ClipRecorded]:
    """Clips of up to five sources: most follow one another, some come twice, leave a gap, begin a
    new life, or are a source's last.
    """
    following: dict[UUID, tuple[int, float]] = {}
    arriving = []
    for number, fate in moves:
        source_id = source(number)
        index, hour = following.get(source_id, (0, 0))
        index += fate == 7
        hour += fate == 8
        one = clip(index, source_id, is_last=fate == 9)
        one = one.model_copy(update={"origin_at": one.moment(3600 * hour)})
        arriving += [one, one] if fate == 6 else [one]
        following[source_id] = (index + 1, hour)
    return arriving


def taken(
    joiner: Joiner, clips: Sequence[ClipRecorded], first: int = 0, done: int = 0
) -> list[Window]:
    """What comes out, acknowledged one by one; clips before `done` come again."""
    found: list[Window] = []
    for offset, one in enumerate(clips, first):
        found += joiner.take(Received(one, offset), again=offset < done)
        joiner.settle(offset)
    return found


def in_effect(windows: Sequence[Window]) -> list[tuple[tuple[UUID, ...], tuple[UUID, ...]]]:
    """The clips of each window and those that it is the first to hold; sinks pass over others. A
    clip that ingest sent twice may be embedded twice if the worker died in between.
    """
    found, seen = [], set[UUID]()
    for window in windows:
        clips = tuple(one.clip_id for one in window.clips)
        new = tuple(one for one in clips[-window.fresh_count :] if one not in seen)
        seen.update(new)
        if new:
            found.append((clips, new))
    return found


def round_robin(sources: int, rounds: int) -> list[ClipRecorded]:
    return [clip(index, source(number)) for index in range(rounds) for number in range(sources)]


@given(LAYOUTS, MOVES, st.data())
def test_a_restart_anywhere_forms_the_same_windows(
    layout: Layout, moves: list[tuple[int, int]], data: st.DataObject
) -> None:
    clips = interleaved(moves)
    expected = taken(Joiner(layout, BULK), clips)
    crash = data.draw(st.integers(0, len(clips)))
    before, after = Joiner(layout, BULK), Joiner(layout, BULK)
    found = taken(before, clips[:crash])
    start = crash if before.held is None else before.held
    found += taken(after, clips[start:], start, done=crash)
    assert in_effect(found) == in_effect(expected)


@given(LAYOUTS, MOVES, st.lists(st.integers(0, 60), min_size=1, max_size=5))
def test_every_clip_is_out_or_held_however_often_the_worker_dies(
    layout: Layout, moves: list[tuple[int, int]], crashes: list[int]
) -> None:
    """What was handled but not committed is handled again: at least once, and the same."""
    clips = interleaved(moves)
    expected = taken(Joiner(layout, BULK), clips)
    joiner, start, done, found = Joiner(layout, BULK), 0, 0, []
    for crash in sorted(min(crash, len(clips)) for crash in crashes):
        found += taken(joiner, clips[start:crash], start, done)
        done = max(crash, done)
        start = crash if joiner.held is None else joiner.held
        joiner = Joiner(layout, BULK)
    found += taken(joiner, clips[start:], start, done)
    assert in_effect(found) == in_effect(expected)


@given(LAYOUTS, MOVES, st.integers(0, 60), st.floats(0, 4))
def test_no_clip_is_lost_where_patience_ends_about_a_restart(
    layout: Layout, moves: list[tuple[int, int]], crash: int, ahead_s: float
) -> None:
    """Which clips stand alone may differ then, and one may come out twice."""
    clips = interleaved(moves)
    crash, hasty = min(crash, len(clips)), Patience(ahead_s, math.inf)
    before, after = Joiner(layout, hasty), Joiner(layout, hasty)
    found = taken(before, clips[:crash])
    start = crash if before.held is None else before.held
    found += taken(after, clips[start:], start, done=crash)
    found += after.fall_silent()
    held = {one.clip_id for window in found for one in window.clips}
    assert held == {one.clip_id for one in clips}


@pytest.mark.parametrize("sources", [1, 10, 50, 500])
@pytest.mark.parametrize("layout", [PAIRS, Layout(2, 1)])
def test_the_lag_is_at_most_some_rounds_of_all_sources(layout: Layout, sources: int) -> None:
    joiner = Joiner(layout, LIVE)
    for offset, one in enumerate(round_robin(sources, 6)):
        joiner.take(Received(one, offset))
        joiner.settle(offset)
        held = offset + 1 if joiner.held is None else joiner.held
        assert offset + 1 - held <= layout.window * sources


@given(MOVES)
def test_once_all_sources_have_ended_nothing_is_held(moves: list[tuple[int, int]]) -> None:
    clips = interleaved(moves)
    ends = [clip(10_000, source(number), is_last=True) for number in range(1, 6)]
    joiner = Joiner(PAIRS, BULK)
    taken(joiner, [*clips, *ends])
    assert joiner.held is None
    assert len(joiner) == 0


@pytest.mark.parametrize("sources", [10, 1000])
def test_the_work_for_a_record_does_not_grow_with_the_sources(
    sources: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Steps, closings and movements of the heap, over ever more sources that die at once."""
    work = 0

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*args: Any) -> Any:
            nonlocal work
            work += 1
            return function(*args)

        return counting

    for name in ("step", "close"):
        monkeypatch.setattr(joining, name, counted(getattr(joining, name)))
    monkeypatch.setattr(Joiner, "_is_overdue", counted(Joiner._is_overdue))
    monkeypatch.setattr(Joiner, "_is_held", counted(Joiner._is_held))
    joiner, clips = Joiner(PAIRS, LIVE), round_robin(sources, 9)
    clips += [clip(9 + index, source(0)) for index in range(20)]
    for offset, one in enumerate(clips):
        joiner.take(Received(one, offset))
        joiner.settle(offset)
        assert joiner.held is None or joiner.held <= offset
    assert work <= 6 * len(clips)


def test_a_source_that_stops_makes_a_short_window_while_others_go_on() -> None:
    joiner = Joiner(PAIRS, LIVE)
    found = taken(joiner, [clip(0, source(1)), *(clip(k, source(2)) for k in range(20))])
    alone = next(one for one in found if len(one.parts) == 1)
    assert alone.clips[0].source_id == source(1)
    passed_s = found[found.index(alone) - 1].clips[-1].end_s
    assert passed_s <= LIVE.ahead_s + 4 * alone.clips[0].spec.hop_s
    assert joiner.held is None


def test_a_worker_that_is_behind_loses_no_patience() -> None:
    """A thousand cameras in turn: a neighbour comes a thousand records later, and is waited for."""
    found = taken(Joiner(PAIRS, LIVE), round_robin(1000, 4))
    assert [len(one.parts) for one in found] == [2] * 2000


def test_a_slow_source_is_waited_for_among_fast_ones() -> None:
    slow = [clip(k, source(1), spec={"frame_rate": 2}) for k in range(4)]
    fast = [[clip(7 * n + k, source(2)) for k in range(7)] for n in range(4)]
    arriving = [one for first, others in zip(slow, fast, strict=True) for one in (first, *others)]
    found = [
        one for one in taken(Joiner(PAIRS, LIVE), arriving) if one.clips[0].spec != clip(0).spec
    ]
    assert [len(one.parts) for one in found] == [2, 2]


@pytest.mark.parametrize("patience", [LIVE, BULK])
def test_nothing_waits_for_longer_than_so_many_records(patience: Patience) -> None:
    """Even where every other source is new, so that no footage goes by."""
    joiner, found = Joiner(PAIRS, patience), []
    waiting = [clip(0, source(0)), *(clip(0, source(k)) for k in range(1, MAX_RECORDS + 1))]
    found = taken(joiner, waiting)
    assert [window.clips[0].source_id for window in found] == [source(0)]
    assert joiner.held == 1
    assert len(joiner) == MAX_RECORDS


def test_a_clip_that_comes_for_ever_does_not_keep_itself_waiting() -> None:
    joiner = Joiner(PAIRS, BULK)
    found = taken(joiner, [clip(0)] * (MAX_RECORDS + 10))
    assert [len(one.parts) for one in found] == [1]


def test_silence_puts_out_what_waits_until_it_is_settled() -> None:
    joiner = Joiner(PAIRS, LIVE)
    taken(joiner, [clip(0, source(1)), clip(0, source(2)), clip(1, source(2)), clip(2, source(3))])
    due = joiner.fall_silent()
    assert [window.clips[0].source_id for window in due] == [source(1), source(3)]
    assert joiner.held == 0
    assert joiner.fall_silent() == due
    joiner.settle(Joiner.silence)
    assert joiner.held is None
    assert joiner.fall_silent() == ()


def test_after_a_silence_the_source_goes_on() -> None:
    joiner = Joiner(PAIRS, LIVE)
    taken(joiner, [clip(0)])
    joiner.fall_silent()
    joiner.settle(Joiner.silence)
    assert [len(one.parts) for one in taken(joiner, [clip(1), clip(2), clip(3)], 1)] == [1, 2]


def test_a_batch_that_comes_twice_has_the_same_windows() -> None:
    joiner, arriving = Joiner(PAIRS, BULK), [Received(clip(k), k) for k in range(5)]
    once = [joiner.take(one) for one in arriving]
    assert joiner.held == 0
    assert [joiner.take(one) for one in arriving] == once
    for one in arriving:
        joiner.settle(one.offset)
    assert joiner.held == 4


def test_what_waited_too_long_before_a_restart_is_never_lost() -> None:
    """Seen from the commit on it may be overdue sooner than it was: it comes out all the same."""
    clips = [clip(0, source(1)), *(clip(k, source(2)) for k in range(30))]
    found = taken(Joiner(PAIRS, Patience(5.0, math.inf)), clips, done=len(clips))
    assert [window.clips[0].source_id for window in found] == [source(1)]


@given(MOVES, MOVES, st.integers(0, 2**32), LAYOUTS)
def test_what_comes_late_of_a_source_is_joined_beside_what_is_live(
    live_moves: list[tuple[int, int]],
    late_moves: list[tuple[int, int]],
    seed: int,
    layout: Layout,
) -> None:
    live = interleaved(live_moves)
    late = [one.model_copy(update={"is_late": True}) for one in interleaved(late_moves)]
    mixed = _shuffled_together(live, late, seed)
    found = taken(Joiner(layout, BULK), mixed)
    assert _clips_of(found, is_late=False) == _clips_of(taken(Joiner(layout, BULK), live), False)
    assert _clips_of(found, is_late=True) == _clips_of(taken(Joiner(layout, BULK), late), True)


def _shuffled_together(
    first: Sequence[ClipRecorded], second: Sequence[ClipRecorded], seed: int
) -> list[ClipRecorded]:
    """Each in its own order."""
    whose = [0] * len(first) + [1] * len(second)
    random.Random(seed).shuffle(whose)
    remaining = iter(first), iter(second)
    return [next(remaining[which]) for which in whose]


def _clips_of(windows: Sequence[Window], is_late: bool) -> list[tuple[UUID, ...]]:
    return [
        tuple(one.clip_id for one in window.clips)
        for window in windows
        if window.clips[-1].is_late is is_late
    ]
