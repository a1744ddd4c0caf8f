"""A pinhole camera under the ceiling, and capsules drawn through it.

World: metres, x to the right, y up, z away from the camera along the floor.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Vec = NDArray[np.float64]
Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]

_SUBPIXEL = 4  # bits of fraction in OpenCV's integer coordinates


@dataclass(frozen=True)
class Camera:
    """Where it hangs and where it looks."""

    width: int
    height: int
    eye: tuple[float, float, float] = (-0.3, 3.0, -0.6)
    target: tuple[float, float, float] = (0.0, 0.75, 4.9)
    field: float = 0.86
    """Focal length over picture width."""

    def project(self, points_N3: Vec) -> tuple[Vec, Vec]:
        """Pixels [N, 2] and depths [N]."""
        eye = np.asarray(self.eye)
        forward = np.asarray(self.target) - eye
        forward = forward / np.linalg.norm(forward)
        right = np.cross((0.0, 1.0, 0.0), forward)
        right = right / np.linalg.norm(right)
        axes_33 = np.stack([right, np.cross(forward, right), forward])
        seen_N3 = (points_N3 - eye) @ axes_33.T
        depth_N = np.maximum(seen_N3[:, 2], 0.1)
        scale_N = self.width * self.field / depth_N
        x_N = self.width / 2 + seen_N3[:, 0] * scale_N
        y_N = self.height / 2 - seen_N3[:, 1] * scale_N
        return np.stack([x_N, y_N], axis=1), depth_N

    def pixels(self, metres: float, depth: float) -> float:
        """How long something of that size looks at that depth."""
        return metres * self.width * self.field / depth

    def polygon(self, picture: Picture, corners_N3: Vec, colour: Colour) -> None:
        """Fill a flat shape."""
        points, _ = self.project(corners_N3)
        cv2.fillPoly(picture, [_fixed(points)], colour, cv2.LINE_AA, _SUBPIXEL)

    def capsule(self, picture: Picture, ends_23: Vec, radius: float, colour: Colour) -> None:
        """Draw a limb: a thick line with round ends."""
        points, depths = self.project(ends_23)
        width = max(round(2 * self.pixels(radius, float(depths.mean()))), 1)
        start, end = (tuple(int(v) for v in point) for point in _fixed(points))
        cv2.line(picture, start, end, colour, width, cv2.LINE_AA, _SUBPIXEL)

    def ellipse(self, picture: Picture, centre_3: Vec, radius: float, colour: Colour) -> None:
        """Draw a flat disc on the floor (a shadow)."""
        points, depths = self.project(centre_3[None])
        a = self.pixels(radius, float(depths[0]))
        centre = tuple(int(v) for v in _fixed(points)[0])
        axes = (int(a * 2**_SUBPIXEL), int(a * 0.45 * 2**_SUBPIXEL))
        cv2.ellipse(picture, centre, axes, 0, 0, 360, colour, -1, cv2.LINE_AA, _SUBPIXEL)


def _fixed(points_N2: Vec) -> NDArray[np.int32]:
    fixed: NDArray[np.int32] = np.round(points_N2 * 2**_SUBPIXEL).astype(np.int32)
    return fixed
