"""Laws of sequences: whose they are, when there are any, what a gap and a restart do."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.poses import PosesExtracted
from services.scoring.poses import SAMPLES, Tracks, person_numbers, sequences
from services.scoring.poses.person import Floats
from services.scoring.poses.tracks import MOST
from tests.unit.scoring.poses.people import at, person, poses, standing

STEPS = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=8, max_size=8)


def run(*messages: PosesExtracted, tracks: Tracks = Tracks()) -> tuple[Tracks, list[Floats]]:
    found = []
    for message in messages:
        tracks, now = tracks.update(message)
        found.append(now)
    return tracks, found


def counts(found: Sequence[Floats]) -> list[int]:
    return [len(one) for one in found]


def walk(index: int, start: float = 0.2, step: float = 0.01) -> PosesExtracted:
    """One person who goes on to the right from clip to clip."""
    return poses(index, [[at(start + step * (8 * index + k))] for k in range(8)])


def test_a_sequence_is_the_latest_twenty_samples() -> None:
    _, found = run(*(walk(index) for index in range(4)))
    assert found[3].shape == (1, 20, 38)
    expected = [0.2 + 0.01 * sample for sample in range(12, 32)]
    assert found[3][0, :, 0] == pytest.approx(expected, abs=1e-3)


def test_somebody_new_is_judged_from_ten_samples_on_and_stood_still_before() -> None:
    _, found = run(*(walk(index) for index in range(3)))
    assert counts(found) == [0, 1, 1]
    assert found[1][0, :5, 0] == pytest.approx([0.2] * 5, abs=1e-3)
    assert found[1][0, -1, 0] == pytest.approx(0.35, abs=1e-3)


def test_each_person_has_a_sequence_in_the_order_of_ids() -> None:
    clips = [standing(index, at(0.8, 9), at(0.3, 4)) for index in range(3)]
    _, found = run(*clips)
    assert found[2][:, -1, 0] == pytest.approx([0.3, 0.8], abs=1e-3)


def test_people_without_an_id_and_people_who_left_have_none() -> None:
    clips = [standing(0, at(0.3), at(0.8, None)), standing(1, at(0.3)), standing(2, at(0.8, None))]
    assert counts(run(*clips)[1]) == [0, 1, 0]


def test_frames_in_which_somebody_was_not_seen_are_interpolated() -> None:
    hidden = [[at(0.3)], [], [], [at(0.6)], *[[at(0.6)]] * 4]
    _, found = run(standing(0, at(0.3)), poses(1, hidden))
    assert found[1][0, -8:-4, 0] == pytest.approx([0.3, 0.4, 0.5, 0.6], abs=1e-3)


def test_between_two_sights_a_keypoint_is_seen_only_if_it_was_in_both() -> None:
    unseen = person(1, (0.2, 0.2, 0.4, 0.8), (0.3, 0.7)).model_copy(
        update={"keypoints": ((0.3, 0.7, 0.0), *[(0.3, 0.7, 1.0)] * 16)}
    )
    seen = person(1, (0.4, 0.2, 0.6, 0.8), (0.4, 0.3))
    _, found = run(standing(0, unseen), poses(1, [[], [], *[[seen]] * 6]))
    hidden_S, shown_S = found[1][0, -8:, 4], found[1][0, -8:, 6]
    assert hidden_S[:3] == pytest.approx([0.5, 0.5, 0.0], abs=1e-3)
    assert shown_S[:3] == pytest.approx([1 / 3, 1 / 6, 0.0], abs=1e-3)


@pytest.mark.parametrize("away", [1, 2, 3])
def test_after_two_seconds_out_of_sight_somebody_is_forgotten(away: int) -> None:
    empty = [standing(index, at(0.9, 2)) for index in range(3, 3 + away)]
    back = standing(3 + away, at(0.3))
    _, found = run(*(standing(index, at(0.3)) for index in range(3)), *empty, back)
    assert len(found[-1]) == (away < 2)


@pytest.mark.parametrize("after", [5, 1, 0])
def test_a_gap_and_a_source_that_begins_again_begin_anew(after: int) -> None:
    tracks, _ = run(*(walk(index) for index in range(3)))
    assert tracks.update(walk(after))[0] == run(walk(after))[0]


@given(STEPS, STEPS)
def test_nobody_gets_the_samples_of_another(
    first: list[tuple[bool, bool]], second: list[tuple[bool, bool]]
) -> None:
    """One stays left and one right, seen or not."""
    clips = [
        poses(index, [[at(0.2, 1)] * left + [at(0.8, 2)] * right for left, right in steps])
        for index, steps in enumerate([first, second, first])
    ]
    for found in run(*clips)[1]:
        middle_PS = found[:, :, 0]
        assert np.ptp(middle_PS, axis=1).max(initial=0) == 0


@given(st.integers(0, 5), STEPS)
def test_a_stream_may_be_taken_in_two_parts(stop: int, steps: list[tuple[bool, bool]]) -> None:
    clips = [
        poses(
            index,
            [
                [at(0.2 + 0.01 * k, 1)] * one + [at(0.8, 2)] * two
                for k, (one, two) in enumerate(steps)
            ],
        )
        for index in range(6)
    ]
    whole = run(*clips)[1]
    before, first = run(*clips[:stop])
    _, second = run(*clips[stop:], tracks=before)
    for expected, found in zip(whole, first + second, strict=True):
        assert np.array_equal(expected, found)


def test_a_crowd_keeps_the_state_small() -> None:
    clips = [standing(index, *(at(0.5, 100 * index + n) for n in range(60))) for index in range(4)]
    tracks, _ = run(*clips)
    assert len(tracks.people) == MOST


def test_two_people_of_one_id_in_a_frame_are_no_crash() -> None:
    assert counts(run(*(standing(index, at(0.2), at(0.8)) for index in range(3)))[1]) == [0, 1, 1]


def test_a_whole_source_gives_what_a_live_stream_gives() -> None:
    clips = [walk(index) for index in range(5)]
    for offline, live in zip(sequences(clips), run(*clips)[1], strict=True):
        assert np.array_equal(offline, live)


def test_samples_are_the_numbers_of_a_person() -> None:
    _, found = run(*(standing(index, at(0.3)) for index in range(3)))
    one = at(0.3)
    expected = person_numbers(np.array([one.box]), np.array([one.keypoints]))
    assert found[2][0] == pytest.approx(np.repeat(expected, SAMPLES, axis=0), abs=1e-3)
