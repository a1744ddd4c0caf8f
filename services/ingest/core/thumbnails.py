"""Small grey pictures, on which motion and the health of a picture are measured. numpy only.

The input is the luma plane of a sampled frame as it becomes a clip: scaled (short side 256 by
default), upright, masked. No conversion is needed for it: `luma` views the first plane of a yuv420p
`av.VideoFrame` in place, and `thumbnail` takes block means of it, about half a millisecond.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Luma: TypeAlias = NDArray[np.uint8]
"""Shape (height, width), limited or full range."""
Blocks: TypeAlias = NDArray[np.float32]
"""A number for each block of a picture, shape (rows, columns)."""
Region: TypeAlias = NDArray[np.bool_]
"""Which blocks, or pixels, of a picture: shape (rows, columns)."""

SHORT_SIDE = 64
"""So many blocks lie along the shorter side (at least; less than twice as many)."""


@dataclass(frozen=True)
class Thumbnail:
    """`mean_HW`: the mean luma of each block. `detail_HW`: how much neighbouring pixels differ in
    it, in levels of luma: what a blur takes away, and noise adds.
    """

    mean_HW: Blocks
    detail_HW: Blocks


def luma(plane: bytes | memoryview, line_bytes: int, width: int, height: int) -> Luma:
    """A plane of 8 bits as a view, without its padding: `luma(frame.planes[0],
    frame.planes[0].line_size, frame.width, frame.height)`. Copies nothing.
    """
    rows = np.frombuffer(plane, np.uint8, count=line_bytes * height).reshape(height, line_bytes)
    return rows[:, :width]


def thumbnail(luma_HW: Luma) -> Thumbnail:
    """The picture in blocks. What is left over at the right and lower border is not looked at."""
    side = block_side(*luma_HW.shape)
    rows, columns = luma_HW.shape[0] // side, luma_HW.shape[1] // side
    pixels = luma_HW[: rows * side, : columns * side]
    return Thumbnail(_means(pixels, side), _means(_steps(pixels), side))


def block_side(height: int, width: int) -> int:
    """How many pixels a block is wide and high."""
    return max(1, min(height, width) // SHORT_SIDE)


def region_of_blocks(pixels_HW: Region) -> Region:
    """The blocks of which more than half lies in a region of pixels."""
    side = block_side(*pixels_HW.shape)
    rows, columns = pixels_HW.shape[0] // side, pixels_HW.shape[1] // side
    means = _means(pixels_HW[: rows * side, : columns * side].astype(np.uint8), side)
    return np.asarray(means > 0.5)


def _steps(pixels: Luma) -> Luma:
    """How far each pixel is from its right and lower neighbour, the greater of both."""
    wide = pixels.astype(np.int16)
    steps = np.zeros(pixels.shape, np.int16)
    np.abs(np.diff(wide, axis=1), out=steps[:, :-1])
    np.maximum(steps[:-1], np.abs(np.diff(wide, axis=0)), out=steps[:-1])
    return steps.astype(np.uint8)


def _means(pixels: NDArray[np.uint8], side: int) -> Blocks:
    rows, columns = pixels.shape[0] // side, pixels.shape[1] // side
    lines = pixels.reshape(rows, side, columns * side).sum(axis=1, dtype=np.uint32)
    sums = lines.reshape(rows, columns, side).sum(axis=2, dtype=np.uint32)
    return np.asarray(sums / (side * side), np.float32)
