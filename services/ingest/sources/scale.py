"""A decoded frame -> a small upright JPEG: one pass through swscale, no detour by RGB."""

import math
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from services.ingest.encode import Jpeg, Plane, of_planes

SHORT_SIDE = 256


@dataclass(frozen=True)
class Size:
    width: int
    height: int

    @property
    def turned(self) -> "Size":
        return Size(self.height, self.width)


def shown_size(width: int, height: int, pixel_aspect: Fraction | None) -> Size:
    """The size with square pixels. Aspects past 4 : 1 are damage, not intent."""
    aspect = pixel_aspect or Fraction(1)
    if not Fraction(1, 4) <= aspect <= 4:
        aspect = Fraction(1)
    return Size(max(1, round(width * aspect)), height)


def scaled_size(shown: Size, short_side: int = SHORT_SIDE) -> Size:
    """Aspect kept, short side at most `short_side`, small pictures not enlarged, even lengths:
    so that chroma planes are exactly half (simplejpeg reads past the end of others).
    """
    factor = min(1.0, short_side / min(shown.width, shown.height))
    return Size(_even(shown.width * factor), _even(shown.height * factor))


def _even(length: float) -> int:
    """The nearest even number; the lower one in the middle."""
    return max(2, math.ceil(length / 2 - 0.5) * 2)


class Scaler:
    """Draws frames of one video, all at the same size, whatever size later frames come in."""

    def __init__(self, shown: Size, quarter_turns: int) -> None:
        """`shown` is the size before turning; turns go counterclockwise."""
        self._size, self._turns = scaled_size(shown), quarter_turns % 4
        self._reformatter = VideoReformatter()

    def draw(self, frame: av.VideoFrame) -> Jpeg:
        small = self._reformatter.reformat(
            frame,
            self._size.width,
            self._size.height,
            "yuvj420p",
            dst_colorspace=Colorspace.ITU601,
            dst_color_range=ColorRange.JPEG,
            interpolation=Interpolation.BILINEAR,
            threads=1,
        )
        return of_planes([np.rot90(_plane(one), self._turns) for one in small.planes])


def _plane(plane: av.video.plane.VideoPlane) -> Plane:
    rows = np.frombuffer(memoryview(plane), np.uint8)[: plane.line_size * plane.height]
    return rows.reshape(plane.height, plane.line_size)[:, : plane.width]
