"""Laws of sampling and cutting."""

import math
from collections.abc import Iterable, Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.clips import ClipSpec
from services.chassis.media.timeline import HOLD_S, MOST_HOLD_S, TOLERANCE_S, Frame, Timeline
from services.ingest.core import Clip, Sample, cut, sample

SPEC = ClipSpec()


def sampled(
    frames: Iterable[Frame[int]], frame_rate: float = 15, step_s: float = 1 / 30
) -> list[int]:
    return [one.picture for one in sampled_at(frames, frame_rate, step_s)]


def sampled_at(
    frames: Iterable[Frame[int]], frame_rate: float = 15, step_s: float = 1 / 30
) -> list[Sample[int]]:
    return list(sample(frames, frame_rate, Timeline(step_s)))


def numbered(pictures: Iterable[int]) -> Iterator[Sample[int]]:
    return (Sample(number, picture) for number, picture in enumerate(pictures))


def steady(frame_rate: float, count: int, start_s: float = 0) -> list[Frame[int]]:
    return [Frame(n, start_s + n / frame_rate, 1 / frame_rate) for n in range(count)]


@pytest.mark.parametrize(
    ("frame_rate", "count", "expected"),
    [
        (30, 60, 30),
        (29.97, 60, 30),  # 2.002 s: sample 30 would be 2 ms in, but nothing says what is there
        (25, 50, 30),
        (10, 20, 30),
        (15, 30, 30),
        (60, 120, 30),
        (7.5, 15, 30),
        (30, 1, 1),
        (100, 1, 1),
        (1, 3, 45),
    ],
)
def test_a_video_gives_one_sample_for_every_period_it_lasts(
    frame_rate: float, count: int, expected: int
) -> None:
    assert abs(len(sampled(steady(frame_rate, count))) - expected) <= (frame_rate == 29.97)


def test_fast_video_drops_every_other_frame_and_slow_video_holds() -> None:
    assert sampled(steady(30, 8)) == [0, 2, 4, 6]
    assert sampled(steady(7.5, 3)) == [0, 0, 1, 1, 2, 2]
    assert sampled(steady(10, 4)) == [0, 0, 1, 2, 2, 3]


def test_times_rounded_to_milliseconds_change_nothing() -> None:
    exact = steady(30, 300)
    rounded = [Frame(f.picture, round((f.at_s or 0) + 0.0123, 3), 0.033) for f in exact]
    assert sampled(rounded) == sampled(exact)


def test_missing_times_go_on_by_the_nominal_step() -> None:
    assert sampled([Frame(n) for n in range(8)]) == [0, 2, 4, 6]
    assert sampled([Frame(n, None if n % 3 else n / 30) for n in range(8)]) == [0, 2, 4, 6]


def test_a_jump_back_is_a_splice() -> None:
    assert sampled([*steady(30, 60), *steady(30, 60)]) == [n for _ in "ab" for n in range(0, 60, 2)]


def test_jitter_backwards_stands_still() -> None:
    times = [0, 0.1, 0.06, 0.2, 0.3]
    assert sampled([Frame(n, at_s, 0.1) for n, at_s in enumerate(times)]) == [0, 0, 2, 3, 3, 4]


@pytest.mark.parametrize("leap_s", [5.0, 3600.0, 12 * 3600.0])
def test_a_leap_ahead_is_a_gap_and_nothing_is_made_up(leap_s: float) -> None:
    frames = [*steady(15, 60), *steady(15, 60, start_s=4 + leap_s)]
    got = sampled_at(frames)
    assert len(got) <= 120 + HOLD_S * 15
    assert [one.picture for one in got][-60:] == list(range(60))
    assert got[-60].number == round((4 + leap_s) * 15)
    clips = list(cut(got, SPEC))
    assert len(clips) <= 8 + HOLD_S
    assert clips[-1].end_s == pytest.approx(8 + leap_s)
    assert clips[-1].is_last


@pytest.mark.parametrize("step_s", [0.5, 2.0, 5.0, 10.0])
def test_time_lapse_footage_is_held_at_its_own_pace(step_s: float) -> None:
    got = sampled_at([Frame(n, n * step_s, step_s) for n in range(20)])
    missing = 20 * step_s * 15 - len(got)
    assert missing == pytest.approx(max(0.0, step_s - HOLD_S) * 15, abs=1)  # the first one's


def test_a_pair_of_frames_far_apart_gives_no_more_than_they_hold() -> None:
    got = sampled_at([Frame(0, 0.0, 40_000.0), Frame(1, 40_000.0, 40_000.0)])
    assert len(got) <= (HOLD_S + MOST_HOLD_S) * 15 + 1


@given(leaps=st.lists(st.floats(0, 50_000), max_size=40))
def test_samples_are_in_proportion_to_frames(leaps: list[float]) -> None:
    times = [0.0]
    for leap in leaps:
        times.append(times[-1] + leap)
    got = sampled_at([Frame(n, at_s, 99.0) for n, at_s in enumerate(times)])
    assert len(got) <= len(times) * (MOST_HOLD_S * 15 + 1)


def test_a_clip_whose_beginning_is_missing_is_left_out() -> None:
    samples = [Sample(n, n) for n in (*range(20), *range(40, 70))]
    got = [(clip.index, clip.pictures) for clip in cut(samples, SPEC)]
    assert got == [
        (0, tuple(range(16))),
        (1, tuple(range(16, 20))),
        (3, tuple(range(48, 64))),
        (4, tuple(range(64, 70))),
    ]


def test_sampling_is_lazy() -> None:
    def endless() -> Iterator[Frame[int]]:
        number = 0
        while True:
            yield Frame(number, number / 30, 1 / 30)
            number += 1

    clips = cut(sample(endless(), 15, Timeline(1 / 30)), SPEC)
    assert [next(clips).index for _ in range(3)] == [0, 1, 2]


gaps = st.lists(st.floats(0, HOLD_S), max_size=40)


@given(gaps=gaps, start_s=st.floats(0, 1e5), frame_rate=st.sampled_from([7.5, 8, 15, 25]))
def test_every_sample_is_the_latest_frame_shown_by_then(
    gaps: list[float], start_s: float, frame_rate: float
) -> None:
    times = [0.0]
    for gap in gaps:
        times.append(times[-1] + gap)
    frames = [Frame(n, start_s + at_s, 0.05) for n, at_s in enumerate(times)]
    got = sampled(frames, frame_rate)
    near = 1e-6
    for k, number in enumerate(got):
        shown_s = k / frame_rate + TOLERANCE_S
        assert times[number] <= shown_s + near
        assert number + 1 == len(times) or times[number + 1] >= shown_s - near
    assert abs(len(got) - max(1, math.ceil((times[-1] + 0.05) * frame_rate))) <= 1


@given(
    frames=st.lists(
        st.builds(
            Frame[int],
            picture=st.integers(),
            at_s=st.none() | st.floats(-100, 100),
            duration_s=st.none() | st.floats(0, 0.2),
        ),
        max_size=30,
    )
)
def test_any_times_at_all_give_bounded_samples_in_order(frames: list[Frame[int]]) -> None:
    in_order = [Frame(n, f.at_s, f.duration_s) for n, f in enumerate(frames)]
    got = sampled(in_order)
    assert got == sorted(got)
    assert bool(got) == bool(frames)
    assert len(got) <= 15 * (201 + 1.3 * len(frames)) * max(1, len(frames))


specs = st.builds(
    ClipSpec,
    frames=st.integers(1, 20),
    frame_rate=st.sampled_from([8.0, 15.0]),
    hop=st.integers(1, 24),
)


@given(count=st.integers(0, 200))
def test_clips_cover_the_time_without_gap_or_overlap(count: int) -> None:
    clips = list(cut(numbered(range(count)), SPEC))
    assert [n for clip in clips for n in clip.pictures] == list(range(count))
    assert all(a.end_s == pytest.approx(b.start_s) for a, b in pairwise(clips))
    assert [clip.index for clip in clips] == list(range(len(clips)))
    assert [clip.is_last for clip in clips] == [False] * (len(clips) - 1) + [True] * bool(clips)
    assert all(len(clip.pictures) == SPEC.frames for clip in clips[:-1])


@given(count=st.integers(1, 100), spec=specs)
def test_a_clip_starts_every_hop_and_nothing_reachable_is_left_out(
    count: int, spec: ClipSpec
) -> None:
    clips: list[Clip[int]] = list(cut(numbered(range(count)), spec))
    for clip in clips:
        first = clip.index * spec.hop
        assert clip.start_s == first / spec.frame_rate
        assert clip.pictures == tuple(range(first, min(first + spec.frames, count)))
    seen = {n for clip in clips for n in clip.pictures}
    assert seen == {n for n in range(count) if n % spec.hop < spec.frames}
    assert sum(clip.is_last for clip in clips) == 1


def test_two_seconds_are_a_full_clip_and_one_of_fourteen_frames() -> None:
    clips = list(cut(sampled_at(steady(30, 60)), SPEC))
    assert [len(clip.pictures) for clip in clips] == [16, 14]
    assert clips[-1].end_s == 2.0
