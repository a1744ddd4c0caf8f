"""Pictures -> JPEG, quality 85, 4:2:0 as the video itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import simplejpeg
from numpy.typing import NDArray

QUALITY = 85

Plane = NDArray[np.uint8]


@dataclass(frozen=True)
class Jpeg:
    """One encoded frame with its size in pixels."""

    content: bytes
    width: int
    height: int


def of_rgb(rgb_HWC: NDArray[np.uint8], quality: int = QUALITY) -> Jpeg:
    """A JPEG of an RGB picture, shape (height, width, 3)."""
    height, width = rgb_HWC.shape[:2]
    rgb_HWC = np.ascontiguousarray(rgb_HWC)
    return Jpeg(_bytes(simplejpeg.encode_jpeg(rgb_HWC, quality, "RGB", "420")), width, height)


def checked(content: bytes, most_side: int) -> Jpeg:
    """A picture that others sent, if it is a JPEG that can be decoded whole and is no larger.
    Raises ValueError with a sentence.
    """
    try:
        height, width, _, _ = simplejpeg.decode_jpeg_header(content)
        if max(width, height) > most_side:
            raise ValueError(f"a picture of {width}x{height} is larger than {most_side} pixels")
        simplejpeg.decode_jpeg(content, colorspace="GRAY")
    except ValueError as error:
        raise ValueError(f"That is no picture that can be used: {error}.") from None
    return Jpeg(content, width, height)


def to_rgb(jpeg: Jpeg) -> NDArray[np.uint8]:
    """The picture again, shape (height, width, 3)."""
    return np.asarray(simplejpeg.decode_jpeg(jpeg.content, colorspace="RGB"), np.uint8)


def of_planes(planes: Sequence[Plane]) -> Jpeg:
    """A JPEG of full-range BT.601 Y, U and V, the chroma planes exactly half as wide and high."""
    y, u, v = (np.ascontiguousarray(plane) for plane in planes)
    height, width = y.shape
    return Jpeg(_bytes(simplejpeg.encode_jpeg_yuv_planes(y, u, v, QUALITY)), width, height)


def _bytes(encoded: Any) -> bytes:
    return bytes(encoded)
