"""Fits a whole picture onto the network's canvas, aspect kept, and finds the way back.

As Ultralytics does it: the longer side becomes `size`, the rest is grey up to the next multiple of
32, half of it on either side.

Shapes: T frames, H height, W width, 3 colours; N people, coordinates last.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

STRIDE = 32
GREY = 114

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Letterbox:
    """Where a picture of `width` x `height` lies on the canvas; all in pixels."""

    width: int
    height: int
    size: int

    @property
    def inner(self) -> tuple[int, int]:
        """Width and height of the picture on the canvas."""
        scale = self.size / max(self.width, self.height)
        return max(round(self.width * scale), 1), max(round(self.height * scale), 1)

    @property
    def margins(self) -> tuple[int, int]:
        """Grey left of the picture, and above it."""
        across, down = (-side % STRIDE for side in self.inner)
        return round(across / 2 - 0.1), round(down / 2 - 0.1)

    @property
    def canvas(self) -> tuple[int, int]:
        """Width and height, multiples of 32."""
        width, height = (side + -side % STRIDE for side in self.inner)
        return width, height

    def fit(self, frame_HWC: Pixels) -> Pixels:
        """The canvas with the picture on it."""
        (width, height), (left, top), canvas = self.inner, self.margins, self.canvas
        canvas_HWC = np.full((canvas[1], canvas[0], 3), GREY, np.uint8)
        inner_HWC = canvas_HWC[top : top + height, left : left + width]
        inner_HWC[:] = cv2.resize(frame_HWC, (width, height), interpolation=cv2.INTER_LINEAR)
        return canvas_HWC

    def shares(self, points_N2: Floats) -> Floats:
        """Points on the canvas as shares of the picture, those beyond its border moved onto it."""
        shares_N2: Floats = ((points_N2 - self.margins) / self.inner).clip(0, 1).astype(np.float32)
        return shares_N2
