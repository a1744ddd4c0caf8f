"""The 38 numbers of a person, by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from services.scoring.poses import PERSON_NUMBERS, person_numbers

BOX = [0.2, 0.1, 0.6, 0.9]


def keypoints(x: float, y: float, confidence: float = 1.0) -> list[list[float]]:
    return [[x, y, confidence]] * 17


def test_a_box_becomes_its_centre_and_size() -> None:
    assert person_numbers([BOX], [keypoints(0, 0)])[0, :4] == pytest.approx([0.4, 0.5, 0.4, 0.8])


@pytest.mark.parametrize(
    ("x", "y", "confidence", "expected"),
    [
        (0.2, 0.1, 1.0, (0.0, 0.0)),  # the left top corner
        (0.6, 0.9, 1.0, (1.0, 1.0)),
        (0.3, 0.7, 0.25, (0.25, 0.75)),
        (0.1, 0.95, 1.0, (0.0, 1.0)),  # beyond the box
        (0.3, 0.7, 0.24, (0.5, 0.5)),  # not seen
    ],
)
def test_keypoints_are_relative_to_the_box(
    x: float, y: float, confidence: float, expected: tuple[float, float]
) -> None:
    numbers = person_numbers([BOX], [keypoints(x, y, confidence)])
    assert numbers[0, 4:].reshape(17, 2) == pytest.approx(np.array([expected] * 17), abs=1e-6)


def test_x_and_y_of_a_keypoint_stand_side_by_side() -> None:
    points = keypoints(0.2, 0.1)
    points[16] = [0.6, 0.1, 1.0]
    assert person_numbers([BOX], [points])[0, -4:].tolist() == pytest.approx([0, 0, 1, 0])


def test_nobody_gives_no_row() -> None:
    assert person_numbers(np.empty((0, 4)), np.empty((0, 17, 3))).shape == (0, PERSON_NUMBERS)


@given(arrays(np.float32, (3, 4), elements=st.floats(0, 1, width=32)))
def test_whatever_the_box_all_numbers_are_shares(box: np.ndarray) -> None:
    numbers = person_numbers(box, [keypoints(0.5, 0.5)] * 3)
    assert numbers.dtype == np.float32
    assert (numbers >= 0).all()
    assert (numbers <= 1).all()
