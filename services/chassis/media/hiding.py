"""Parts of a picture made unrecognisable, so that nothing brings them back.

What is left of a part are a handful of averages: it is shrunk to at most six cells across, which
are laid over it, and their edges smoothed. No key undoes it, since the pixels are gone.
"""

from collections.abc import Iterable

import cv2
import numpy as np

from services.chassis.media.shape import Picture

Box = tuple[float, float, float, float]
"""left, top, right, bottom, as shares of the picture."""

WHOLE: Box = (0.0, 0.0, 1.0, 1.0)
CELLS = 6
CELLS_OF_ALL = 16
"""Across a picture that is hidden as a whole: that somebody is there may be seen, not who."""


def hide(picture: Picture, parts: Iterable[Box]) -> Picture:
    """A copy with those parts hidden."""
    hidden = picture.copy()
    height, width = picture.shape[:2]
    for part in parts:
        left, right = _pixels(part[0], part[2], width)
        top, bottom = _pixels(part[1], part[3], height)
        if right > left and bottom > top:
            cells = CELLS_OF_ALL if part == WHOLE else CELLS
            hidden[top:bottom, left:right] = _cells(picture[top:bottom, left:right], cells)
    return hidden


def _pixels(begin: float, end: float, length: int) -> tuple[int, int]:
    """Whole pixels, rather one more; nothing where the part lies outside."""
    return max(0, int(begin * length)), min(length, int(np.ceil(end * length)))


def _cells(part: Picture, cells: int) -> Picture:
    height, width = part.shape[:2]
    wide = max(1, min(cells, width // 2))
    tall = max(1, min(cells, height // 2, round(wide * height / width) or 1))
    small = cv2.resize(part, (wide, tall), interpolation=cv2.INTER_AREA)
    large = cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.blur(large, (max(1, width // wide), max(1, height // tall))), np.uint8)
