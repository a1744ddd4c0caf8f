"""One vector a clip, by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.poses import SCENE_NUMBERS, person_numbers, scene_vector
from services.scoring.poses.person import Floats
from tests.unit.scoring.poses.people import TALL, at, person, poses, standing

PEOPLE, OVERLAP, MEAN, MOST = slice(0, 2), slice(2, 4), slice(4, 42), slice(42, 80)
SPEED_MEAN, SPEED_MOST = slice(80, 97), slice(97, 114)


def test_an_empty_room_is_zero() -> None:
    assert scene_vector(standing(0)).tolist() == [0] * SCENE_NUMBERS


def test_people_are_counted_in_tens() -> None:
    vector = scene_vector(poses(0, [[at(0.2), at(0.8, 2)], [at(0.2)], [], [at(0.2)]]))
    assert vector[PEOPLE] == pytest.approx([0.1, 0.2])


def test_persons_are_pooled() -> None:
    low, high = at(0.2), at(0.8, 2)
    vector = scene_vector(standing(0, low, high))
    numbers = person_numbers(
        np.array([low.box, high.box]), np.array([low.keypoints, high.keypoints])
    )
    assert vector[MEAN] == pytest.approx(numbers.mean(axis=0))
    assert vector[MOST] == pytest.approx(numbers.max(axis=0))


def test_overlap_is_the_share_of_the_union() -> None:
    half = person(2, (0.5, 0.2, 0.7, 0.8))
    vector = scene_vector(poses(0, [[person(1, TALL), half], [person(1, TALL)]]))
    assert vector[OVERLAP] == pytest.approx([1 / 6, 1 / 3])


def walk_of(steps: list[float]) -> Floats:
    """Eight frames; the picture is 400 x 200, the person 120 pixels tall."""
    return scene_vector(poses(0, [[person(1, TALL, (x, 0.5))] for x in steps]))


def test_speed_is_in_ten_body_heights_a_second() -> None:
    vector = walk_of([0.4 + 0.01 * k for k in range(8)])
    per_second = 4 / 120 * 7.5
    assert vector[SPEED_MEAN] == pytest.approx([per_second / 10] * 17, rel=1e-3)
    assert vector[SPEED_MOST] == pytest.approx(vector[SPEED_MEAN], rel=1e-3)


def test_one_jerk_shows_in_the_fastest() -> None:
    vector = walk_of([0.4] * 4 + [0.5] * 4)
    assert vector[SPEED_MOST] == pytest.approx([40 / 120 * 7.5 / 10] * 17, rel=1e-3)
    assert vector[SPEED_MEAN] == pytest.approx(vector[SPEED_MOST] / 7)


def test_people_without_an_id_have_no_speed() -> None:
    vector = scene_vector(poses(0, [[at(0.2, None)], [at(0.8, None)]]))
    assert not vector[SPEED_MOST].any()
    assert vector[PEOPLE].all()


def test_two_people_are_no_move() -> None:
    assert not scene_vector(poses(0, [[at(0.2, 1)], [at(0.8, 2)]]))[SPEED_MOST].any()


@given(
    st.lists(
        st.lists(st.tuples(st.floats(0, 1), st.integers(0, 3)), max_size=4), min_size=1, max_size=8
    )
)
def test_whatever_people_do_the_numbers_are_shares(frames: list[list[tuple[float, int]]]) -> None:
    people = [[person(track, (x, 0, 1, 1), (x, x)) for x, track in one] for one in frames]
    vector = scene_vector(poses(0, people))
    assert vector.shape == (SCENE_NUMBERS,)
    assert vector.dtype == np.float32
    assert ((vector >= 0) & (vector <= 1)).all()
