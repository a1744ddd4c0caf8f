"""A face detector beside the poses, where the operator names its weights (YuNet, by OpenCV)."""

from pathlib import Path
from typing import Any

import cv2

from services.chassis.errors import WrongSettings
from services.chassis.media.hiding import Box
from services.chassis.media.shape import Picture

SURE = 0.5
MARGIN = 0.35
"""Of a face's size on each side: the detector frames chin to brow, a head is more."""

LONGEST_SIDE = 1280


class FaceDetector:
    """Not safe between threads: each file that is made has one of its own."""

    def __init__(self, weights: Path) -> None:
        """Raises WrongSettings for weights that OpenCV cannot read."""
        try:
            self._network: Any = cv2.FaceDetectorYN.create(str(weights), "", (320, 320), SURE)
        except cv2.error as error:
            raise WrongSettings(f"NIGHTCLERK_FACE_WEIGHTS: {weights} cannot be read.") from error

    def faces(self, picture: Picture) -> list[Box]:
        """Heads around the faces that it finds."""
        height, width = picture.shape[:2]
        scale = min(1.0, LONGEST_SIDE / max(height, width))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        small = cv2.cvtColor(cv2.resize(picture, size), cv2.COLOR_RGB2BGR)
        self._network.setInputSize(size)
        found = self._network.detect(small)[1]
        return [_head(row, size) for row in (found if found is not None else ())]


def _head(row: Any, size: tuple[int, int]) -> Box:
    x, y, wide, tall = (float(value) for value in row[:4])
    around_x, around_y = MARGIN * wide, MARGIN * tall
    return (
        max(0.0, (x - around_x) / size[0]),
        max(0.0, (y - around_y) / size[1]),
        min(1.0, (x + wide + around_x) / size[0]),
        min(1.0, (y + tall + around_y) / size[1]),
    )
