"""A pose network small enough to check by eye: every white rectangle is a person."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import simplejpeg

from schemas.clips import ClipRecorded
from services.features.pose.letterbox import Floats, Pixels
from tests.builders import clip

WIDTH, HEIGHT = 320, 192
Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels."""


class WhiteRectangles:
    """Puts out what the real network would: logits per place, of the stride of 16."""

    def places(self, canvases_BHWC: Pixels) -> Floats:
        return np.stack([planted(canvas.shape, rectangles(canvas)) for canvas in canvases_BHWC])


def rectangles(canvas_HWC: Pixels) -> list[Box]:
    white_HW = (canvas_HWC.min(axis=2) > 200).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(white_HW)
    return [(x, y, x + w, y + h) for x, y, w, h, _ in stats[1:].tolist()]


def planted(shape: Sequence[int], boxes: Sequence[Box], logit: float = 3.0) -> Floats:
    """Places [A, 116] that say: one person a box, all 17 keypoints in its left top corner."""
    height, width = shape[:2]
    counts = [height // stride * (width // stride) for stride in (8, 16, 32)]
    places_AD = np.full((sum(counts), 116), -9.0, np.float32)
    for left, top, right, bottom in boxes:
        x, y = (left + right) // 2 // 16, (top + bottom) // 2 // 16
        place = places_AD[counts[0] + y * (width // 16) + x]
        distances = (x + 0.5 - left / 16, y + 0.5 - top / 16)
        distances += (right / 16 - x - 0.5, bottom / 16 - y - 0.5)
        place[:64] = np.concatenate([_logits(distance) for distance in distances])
        place[64] = logit
        place[65:].reshape(17, 3)[:] = [(left / 16 - x) / 2, (top / 16 - y) / 2, 3.0]
    return places_AD


def _logits(distance: float) -> Floats:
    """A distribution over 0 to 15 whose mean is the distance."""
    weights = np.zeros(16, np.float32)
    low = int(distance)
    weights[low], weights[low + 1] = 1 - distance + low, distance - low
    return np.log(weights + 1e-9)


def frame(*people: Box) -> bytes:
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    for left, top, right, bottom in people:
        picture[top:bottom, left:right] = 255
    jpeg: bytes = simplejpeg.encode_jpeg(picture, 95)
    return jpeg


def filmed(index: int, frames: Sequence[Sequence[Box]], **more: Any) -> ClipRecorded:
    """A clip in which those people are seen, frame by frame."""
    jpegs = tuple(frame(*people) for people in frames)
    fields = {"width": WIDTH, "height": HEIGHT, "frame_count": len(jpegs), "frames": jpegs}
    return clip(index, **{**fields, **more})


def walking(index: int, start_x: int = 20, speed: int = 1, **more: Any) -> ClipRecorded:
    """A person of 40 x 100 who goes `speed` pixels a frame to the right, on from clip to clip."""
    lefts = [start_x + speed * (16 * index + k) for k in range(16)]
    return filmed(index, [[(left, 50, left + 40, 150)] for left in lefts], **more)
