"""From what the network's last convolutions say to people with boxes and keypoints.

YOLOv8 looks at a grid of places at three strides. For each place it gives: 16 logits per side of
the box, whose softmax is a distribution over the distance 0 to 15 in strides; a logit that a person
is there; and 17 keypoints as offsets. Overlapping boxes are one person: the surest stays.

Shapes: A places, S places where somebody may be, N people, D = 116 numbers a place (see network).
"""

from dataclasses import dataclass

import cv2
import numpy as np

from schemas.poses import KEYPOINTS
from services.features.pose.letterbox import Floats, Letterbox

STRIDES = (8, 16, 32)
BINS = 16
OVERLAP = 0.7
"""Boxes that share more than this of their union are the same person."""
MOST_PEOPLE = 64
"""In one frame; sixteen such frames fit into a message."""


@dataclass(frozen=True)
class People:
    """The people in one frame, the surest first; coordinates are shares of the picture."""

    confidence: Floats
    """[N]."""
    box: Floats
    """[N, 4]: left, top, right, bottom."""
    keypoints: Floats
    """[N, 17, 3]: x, y, confidence."""

    def __len__(self) -> int:
        return len(self.confidence)


def decode(places_AD: Floats, letterbox: Letterbox, least: float) -> People:
    """The people of one frame that are at least so sure (0 to 1)."""
    confidence_A = _sigmoid(places_AD[:, 4 * BINS])
    chosen_S = np.flatnonzero(confidence_A >= least)
    place_S2, stride_S1 = (values[chosen_S] for values in _grid(letterbox.canvas))
    said_SD, confidence_S = places_AD[chosen_S], confidence_A[chosen_S]
    corners_S22 = _corners(said_SD[:, : 4 * BINS], place_S2, stride_S1)
    kept_N = _apart(corners_S22, confidence_S, least)
    keypoints_N173 = said_SD[kept_N, 4 * BINS + 1 :].reshape(-1, KEYPOINTS, 3).copy()
    offset_N12 = place_S2[kept_N, None] - 0.5
    points_N172 = (keypoints_N173[:, :, :2] * 2 + offset_N12) * stride_S1[kept_N, None]
    keypoints_N173[:, :, :2] = letterbox.shares(points_N172)
    keypoints_N173[:, :, 2] = _sigmoid(keypoints_N173[:, :, 2])
    box_N4 = letterbox.shares(corners_S22[kept_N]).reshape(-1, 4)
    return People(confidence_S[kept_N], box_N4, keypoints_N173)


def _grid(canvas: tuple[int, int]) -> tuple[Floats, Floats]:
    """Middle of each place in strides [A, 2] and its stride [A, 1], in the network's order."""
    places, strides = [], []
    for stride in STRIDES:
        across, down = canvas[0] // stride, canvas[1] // stride
        y_A, x_A = np.divmod(np.arange(across * down), across)
        places.append(np.stack([x_A, y_A], axis=1) + 0.5)
        strides.append(np.full((across * down, 1), stride))
    return np.concatenate(places).astype(np.float32), np.concatenate(strides).astype(np.float32)


def _corners(logits_S64: Floats, place_S2: Floats, stride_S1: Floats) -> Floats:
    """Left top and right bottom corner, in pixels of the canvas: [S, 2, 2]."""
    logits_S4K = logits_S64.reshape(-1, 4, BINS)
    weights_S4K = np.exp(logits_S4K - logits_S4K.max(axis=2, keepdims=True))
    distance_S4 = weights_S4K @ np.arange(BINS, dtype=np.float32) / weights_S4K.sum(axis=2)
    corners = (place_S2 - distance_S4[:, :2], place_S2 + distance_S4[:, 2:])
    corners_S22: Floats = np.stack(corners, axis=1) * stride_S1[:, None]
    return corners_S22


def _apart(corners_S22: Floats, confidence_S: Floats, least: float) -> list[int]:
    """Which to keep, the surest first."""
    if not len(confidence_S):
        return []
    boxes = np.concatenate([corners_S22[:, 0], corners_S22[:, 1] - corners_S22[:, 0]], axis=1)
    kept = cv2.dnn.NMSBoxes(boxes.tolist(), confidence_S.tolist(), least, OVERLAP)
    return [int(index) for index in kept][:MOST_PEOPLE]


def _sigmoid(logits: Floats) -> Floats:
    # Beyond ±60 the result is 0 or 1 in float32 anyway, and exp would overflow.
    shares: Floats = 1 / (1 + np.exp(-logits.clip(-60, 60)))
    return shares
