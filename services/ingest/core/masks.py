"""Privacy masks and zones: polygons -> which pixels, and pixels made black. numpy only.

A mask is applied to the scaled picture, just before it is encoded, and covers every pixel that its
polygon touches and `GROW` more around it: scaling mixes a pixel with its neighbours, and what was
mixed in there goes as well. So pictures that differ only under the masks give the same bytes.
"""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from schemas.sources import Polygon
from services.ingest.core.thumbnails import Region

Plane: TypeAlias = NDArray[np.uint8]

GROW = 2
"""Pixels around a polygon: as far as scaling by area, bilinear or bicubic reaches."""
LIMITED_BLACK, FULL_BLACK, NO_COLOUR = 16, 0, 128


class Mask:
    """What is black in pictures of one size. `planes` are Y, U and V of 4:2:0, or Y alone."""

    def __init__(self, polygons: Iterable[Polygon], width: int, height: int) -> None:
        self.pixels_HW = covered(polygons, width, height, GROW)
        self._chroma_HW = _halved(self.pixels_HW)
        self._is_empty = not self.pixels_HW.any()

    def blacken(self, planes: Sequence[Plane], is_full_range: bool) -> None:
        """In place; the planes must be writable, with chroma of half size, rounded up."""
        if self._is_empty:
            return
        black = FULL_BLACK if is_full_range else LIMITED_BLACK
        np.copyto(planes[0], black, where=self.pixels_HW)
        for chroma in planes[1:]:
            np.copyto(chroma, NO_COLOUR, where=self._chroma_HW)

    def blacken_rgb(self, rgb_HWC: Plane) -> None:
        """The same for a picture of shape (height, width, 3)."""
        if not self._is_empty:
            rgb_HWC[self.pixels_HW] = 0


def covered(polygons: Iterable[Polygon], width: int, height: int, grow: int = 0) -> Region:
    """Every pixel that one of the polygons touches, and `grow` pixels around it."""
    pixels = np.zeros((height, width), bool)
    for polygon in polygons:
        corners = np.asarray(polygon, float) * (width, height)
        pixels |= _inside(corners, width, height) | _edges(corners, width, height)
    for _ in range(grow):
        pixels = _grown(pixels)
    return pixels


def _inside(corners: NDArray[np.float64], width: int, height: int) -> Region:
    """Pixels whose middle lies inside, by the even-odd rule."""
    x, y = np.arange(width) + 0.5, np.arange(height)[:, None] + 0.5
    inside = np.zeros((height, width), bool)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if y0 != y1:
            crosses = (y0 > y) != (y1 > y)
            is_left = (x - x0) * (y1 - y0) < (y - y0) * (x1 - x0)
            inside ^= crosses & (is_left if y1 > y0 else ~is_left)
    return inside


def _edges(corners: NDArray[np.float64], width: int, height: int) -> Region:
    """Pixels that an edge passes through: with them, whatever a polygon touches is covered."""
    touched = np.zeros((height, width), bool)
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        steps = 4 * int(np.abs(end - start).max()) + 2
        points = start + np.linspace(0, 1, steps)[:, None] * (end - start)
        columns = np.clip(points[:, 0].astype(int), 0, width - 1)
        rows = np.clip(points[:, 1].astype(int), 0, height - 1)
        touched[rows, columns] = True
    return touched


def _grown(pixels: Region) -> Region:
    padded = np.pad(pixels, 1)
    across = padded[:, :-2] | padded[:, 1:-1] | padded[:, 2:]
    return np.asarray(across[:-2] | across[1:-1] | across[2:])


def _halved(pixels: Region) -> Region:
    """A sample of colour is masked with any of its four pixels."""
    height, width = pixels.shape
    even = np.pad(pixels, ((0, height % 2), (0, width % 2)))
    return np.asarray(even.reshape(even.shape[0] // 2, 2, even.shape[1] // 2, 2).any(axis=(1, 3)))
