"""Pictures keep their aspect on the canvas, and points find their way back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.features.pose.letterbox import GREY, Letterbox


@pytest.mark.parametrize(
    ("width", "height", "inner", "canvas", "margins"),
    [
        (448, 256, (448, 256), (448, 256), (0, 0)),
        (455, 256, (448, 252), (448, 256), (0, 2)),  # what ingest sends of 16:9
        (341, 256, (448, 336), (448, 352), (0, 8)),  # and of 4:3
        (256, 455, (252, 448), (256, 448), (2, 0)),
        (224, 224, (448, 448), (448, 448), (0, 0)),
        (4096, 1, (448, 1), (448, 32), (0, 15)),
    ],
)
def test_the_longer_side_fills_the_canvas(
    width: int,
    height: int,
    inner: tuple[int, int],
    canvas: tuple[int, int],
    margins: tuple[int, int],
) -> None:
    letterbox = Letterbox(width, height, 448)
    assert (letterbox.inner, letterbox.canvas, letterbox.margins) == (inner, canvas, margins)
    pixels = letterbox.fit(np.full((height, width, 3), 200, np.uint8))
    assert pixels.shape == (canvas[1], canvas[0], 3)
    assert (pixels == 200).all(axis=2).sum() == inner[0] * inner[1]
    assert set(np.unique(pixels).tolist()) <= {200, GREY}


@given(st.integers(1, 3000), st.integers(1, 3000), st.sampled_from([64, 320, 448, 640]))
def test_the_picture_lies_on_the_canvas_and_its_corners_come_back(
    width: int, height: int, size: int
) -> None:
    letterbox = Letterbox(width, height, size)
    assert all(side % 32 == 0 for side in letterbox.canvas)
    assert max(letterbox.inner) == size
    corner = np.array(letterbox.margins, np.float32)
    points = np.stack([corner, corner + letterbox.inner, corner + np.array(letterbox.inner) / 4])
    assert letterbox.shares(points) == pytest.approx(np.array([[0, 0], [1, 1], [0.25, 0.25]]))
    assert (points[1] <= letterbox.canvas).all()


def test_points_beyond_the_picture_are_moved_onto_its_border() -> None:
    outside = np.array([[-9, 0], [460, 300]], np.float32)
    assert Letterbox(455, 256, 448).shares(outside).tolist() == [[0, 0], [1, 1]]
