"""Laws of ids: one walking person keeps theirs, and nobody gets another's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.features.pose.decode import People
from services.features.pose.tracks import FIRST_OF_A_RUN, Tracker

WIDTH, HEIGHT = 455, 256
Spot = tuple[float, float]


def people(*spots: Spot, confidence: float = 0.8) -> People:
    """People of 40 x 100 pixels with their left top corner at those shares of the picture."""
    corners = np.array(spots, np.float32).reshape(-1, 2)
    size = np.array([40 / WIDTH, 100 / HEIGHT], np.float32)
    return People(
        confidence=np.full(len(corners), confidence, np.float32),
        box=np.concatenate([corners, corners + size], axis=1),
        keypoints=np.zeros((len(corners), 17, 3), np.float32),
    )


def follow(tracker: Tracker, *spots: Spot, confidence: float = 0.8) -> list[int | None]:
    return tracker.follow(people(*spots, confidence=confidence), WIDTH, HEIGHT)


def test_a_walking_person_keeps_the_id() -> None:
    tracker = Tracker(0, 7.5)
    ids = [follow(tracker, (0.1 + 0.01 * step, 0.3))[0] for step in range(40)]
    assert set(ids) == {1}


def test_an_unsure_sight_carries_a_track_on_but_begins_none() -> None:
    tracker = Tracker(0, 7.5)
    first = follow(tracker, (0.1, 0.3))
    assert follow(tracker, (0.1, 0.3), confidence=0.2) == first
    assert follow(Tracker(0, 7.5), (0.1, 0.3), confidence=0.2) == [None]


def test_somebody_hidden_for_a_moment_is_known_again() -> None:
    tracker = Tracker(0, 7.5)
    before = follow(tracker, (0.4, 0.3))
    for _ in range(7):
        follow(tracker)
    assert follow(tracker, (0.4, 0.3)) == before


def test_somebody_out_of_sight_for_long_is_somebody_new() -> None:
    tracker = Tracker(0, 7.5)
    before = follow(tracker, (0.4, 0.3))
    for _ in range(60):
        follow(tracker)
    follow(tracker, (0.4, 0.3))
    after = follow(tracker, (0.4, 0.3))
    assert None not in after
    assert after != before


STEP = st.floats(-0.02, 0.02)
"""As share of the picture's width in one frame; half a body's width is 0.04."""


@given(st.lists(st.tuples(STEP, STEP, st.booleans(), st.booleans()), min_size=2, max_size=40))
def test_an_id_never_jumps_between_people_who_are_far_apart(
    steps: list[tuple[float, float, bool, bool]],
) -> None:
    """One walks about on the left and one on the right, seen or not."""
    tracker, left, right = Tracker(0, 7.5), 0.1, 0.75
    left_ids: set[int | None] = set()
    right_ids: set[int | None] = set()
    for left_step, right_step, left_seen, right_seen in steps:
        left = min(max(left + left_step, 0), 0.2)
        right = min(max(right + right_step, 0.65), 0.85)
        ids = follow(tracker, *[(left, 0.3)] * left_seen, *[(right, 0.3)] * right_seen)
        left_ids |= set(ids[:left_seen])
        right_ids |= set(ids[left_seen:])
    assert not (left_ids & right_ids) - {None}


@given(st.lists(st.lists(st.tuples(st.floats(0, 0.9), st.floats(0, 0.6)), max_size=4), max_size=20))
def test_no_two_people_of_a_frame_have_one_id(frames: list[list[Spot]]) -> None:
    tracker = Tracker(3, 7.5)
    for spots in frames:
        ids = [one for one in follow(tracker, *spots) if one is not None]
        assert len(set(ids)) == len(ids)
        assert all(3 * FIRST_OF_A_RUN < one < 4 * FIRST_OF_A_RUN for one in ids)


@pytest.mark.parametrize(("first", "second", "same"), [(5, 5, True), (5, 6, False)])
def test_only_a_watch_from_the_same_clip_gives_the_same_ids(
    first: int, second: int, same: bool
) -> None:
    one, other = Tracker(first, 7.5), Tracker(second, 7.5)
    assert (follow(one, (0.1, 0.3)) == follow(other, (0.1, 0.3))) is same
