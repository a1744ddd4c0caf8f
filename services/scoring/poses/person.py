"""One person in one frame as 38 numbers, the input of pose heads.

Shapes: N people, 4 sides of a box, 17 keypoints, 3 of (x, y, confidence), D 38 numbers.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.poses import KEYPOINTS

PERSON_NUMBERS = 4 + 2 * KEYPOINTS
KEYPOINT_MARK = 0.25
"""A keypoint with less confidence counts as not seen."""
NOT_SEEN = 0.5
"""Where a keypoint lies that was not seen: in the middle of the box, so that it moves with it."""

Floats = NDArray[np.float32]


def person_numbers(box_N4: Floats, keypoints_N173: Floats) -> Floats:
    """float32 [N, 38], all in [0, 1]: cx, cy, w, h, x0, y0, x1, y1, ... x16, y16.

    Takes boxes (left, top, right, bottom) and keypoints (x, y, confidence) as shares of the
    picture, as `poses.v1` gives them. The box comes out as its centre and size, still shares of the
    picture; keypoints come out relative to the box (0, 0 is its left top corner), cut off at its
    sides. One that was not seen lies in the middle of the box. N may be 0.
    """
    box_N4 = np.asarray(box_N4, np.float32).reshape(-1, 4)
    keypoints_N173 = np.asarray(keypoints_N173, np.float32).reshape(-1, KEYPOINTS, 3)
    corner_N2, size_N2 = box_N4[:, :2], np.maximum(box_N4[:, 2:] - box_N4[:, :2], 1e-6)
    within_N172 = (keypoints_N173[:, :, :2] - corner_N2[:, None]) / size_N2[:, None]
    within_N172[keypoints_N173[:, :, 2] < KEYPOINT_MARK] = NOT_SEEN
    parts = (corner_N2 + size_N2 / 2, size_N2, within_N172.reshape(-1, 2 * KEYPOINTS))
    numbers_ND: Floats = np.concatenate(parts, axis=1).clip(0, 1)
    return numbers_ND


def not_seen(numbers_ND: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
    """Which of the numbers [N, 38] are those of keypoints that were not seen."""
    points_NK2 = numbers_ND[:, 4:].reshape(len(numbers_ND), -1, 2)
    missing_NK = (points_NK2 == NOT_SEEN).all(axis=2)
    box_N4 = np.zeros((len(numbers_ND), 4), np.bool_)
    return np.concatenate([box_N4, missing_NK.repeat(2, axis=1)], axis=1)
