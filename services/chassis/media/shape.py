"""Sizes of pictures, and standing them upright."""

import math
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""RGB, shape (height, width, 3)."""


@dataclass(frozen=True)
class Size:
    width: int
    height: int

    @property
    def turned(self) -> "Size":
        return Size(self.height, self.width)

    def within(self, longest_side: int) -> "Size":
        """Aspect kept, not enlarged; at least one pixel each way."""
        factor = min(1.0, longest_side / max(self.width, self.height))
        return Size(max(1, round(self.width * factor)), max(1, round(self.height * factor)))

    def wide(self, width: int) -> "Size":
        """Aspect kept, not enlarged, at most `width` wide."""
        factor = min(1.0, width / self.width)
        return Size(max(1, round(self.width * factor)), max(1, round(self.height * factor)))

    @property
    def even(self) -> "Size":
        return Size(_even(self.width), _even(self.height))


def shown_size(width: int, height: int, pixel_aspect: Fraction | None) -> Size:
    """The size with square pixels. Aspects past 4 : 1 are damage, not intent."""
    aspect = pixel_aspect or Fraction(1)
    if not Fraction(1, 4) <= aspect <= 4:
        aspect = Fraction(1)
    return Size(max(1, round(width * aspect)), height)


def scaled_size(shown: Size, short_side: int) -> Size:
    """Aspect kept, short side at most `short_side`, small pictures not enlarged, even lengths:
    so that chroma planes are exactly half (simplejpeg reads past the end of others).
    """
    factor = min(1.0, short_side / min(shown.width, shown.height))
    return Size(_even(shown.width * factor), _even(shown.height * factor))


def turns_of(frame: av.VideoFrame) -> int:
    """Quarter turns, counterclockwise, that make the picture stand upright, by what it says of
    itself: phones and cameras that hang on their side.
    """
    return quarter_turns(frame.rotation)


def quarter_turns(degrees: float) -> int:
    return round(degrees / 90) % 4


def upright(frame: av.VideoFrame, turns: int, size: Size) -> Picture:
    """The frame as a person would see it; `size` is as shown."""
    before = size.turned if turns % 2 else size
    rgb = frame.reformat(before.width, before.height, "rgb24").to_ndarray()
    return np.ascontiguousarray(np.rot90(rgb, turns))


def _even(length: float) -> int:
    """The nearest even number; the lower one in the middle."""
    return max(2, math.ceil(length / 2 - 0.5) * 2)
