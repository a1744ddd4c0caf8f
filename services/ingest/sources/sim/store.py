"""The room: floor, walls, shelves with goods, a fridge, and a counter that hides who is behind."""

import cv2
import numpy as np
from numpy.random import Generator

from services.ingest.sources.sim.camera import Camera, Colour, Picture, Vec

LEFT, RIGHT, BACK, FRONT, CEILING = -4.2, 4.2, 8.2, 0.6, 3.1
COUNTER = ((2.2, 3.5), (0.0, 1.0), (3.9, 5.8))
"""x, y and z from-to of the check-out counter; people behind it are hidden by it."""
_GOODS: tuple[Colour, ...] = (
    (196, 62, 52),
    (222, 170, 58),
    (64, 122, 190),
    (74, 150, 88),
    (228, 224, 214),
    (150, 84, 150),
    (228, 122, 48),
    (52, 60, 76),
)


def background(camera: Camera, rng: Generator) -> Picture:
    """The empty room with everything that never moves nor hides anyone."""
    picture = np.full((camera.height, camera.width, 3), 150, np.uint8)
    _shell(picture, camera)
    _shelf(picture, camera, rng, (-3.6, -0.2))
    _shelf(picture, camera, rng, (0.1, 3.0))
    _fridge(picture, camera, rng)
    soft = cv2.GaussianBlur(picture, (0, 0), 0.7)
    return _lit(soft.astype(np.uint8, copy=False))


def counter(picture: Picture, camera: Camera) -> None:
    """Paint the counter over whoever stands behind it."""
    (x0, x1), (y0, y1), (z0, z1) = COUNTER
    camera.polygon(
        picture, _quad((x0, y0, z0), (x0, y0, z1), (x0, y1, z1), (x0, y1, z0)), (104, 82, 66)
    )
    camera.polygon(
        picture, _quad((x0, y0, z0), (x1, y0, z0), (x1, y1, z0), (x0, y1, z0)), (122, 98, 78)
    )
    camera.polygon(
        picture, _quad((x0, y1, z0), (x1, y1, z0), (x1, y1, z1), (x0, y1, z1)), (170, 158, 146)
    )
    camera.polygon(picture, _box_front((2.5, 2.95), (y1, y1 + 0.34), 4.5), (44, 46, 52))
    camera.polygon(picture, _box_front((2.54, 2.91), (y1 + 0.06, y1 + 0.3), 4.49), (120, 150, 170))


def _shell(picture: Picture, camera: Camera) -> None:
    for row, z in enumerate(np.arange(FRONT, BACK, 0.6)):
        for column, x in enumerate(np.arange(LEFT, RIGHT, 0.6)):
            tile = 150 + 7 * ((row + column) % 2)
            corners = _quad((x, 0, z), (x + 0.59, 0, z), (x + 0.59, 0, z + 0.59), (x, 0, z + 0.59))
            camera.polygon(picture, corners, (tile, tile - 3, tile - 10))
    camera.polygon(picture, _box_front((LEFT, RIGHT), (0, CEILING), BACK), (188, 186, 178))
    for x, wall in ((LEFT, (172, 170, 164)), (RIGHT, (164, 162, 158))):
        side = _quad((x, 0, FRONT), (x, 0, BACK), (x, CEILING, BACK), (x, CEILING, FRONT))
        camera.polygon(picture, side, wall)


def _shelf(picture: Picture, camera: Camera, rng: Generator, xs: tuple[float, float]) -> None:
    """Four boards of goods against the back wall."""
    z = BACK - 0.55
    camera.polygon(picture, _box_front(xs, (0, 1.95), z), (88, 84, 80))
    for board in range(4):
        bottom = 0.12 + 0.46 * board
        x = xs[0] + 0.04
        while x < xs[1] - 0.1:
            width = float(rng.uniform(0.09, 0.22))
            top = bottom + float(rng.uniform(0.2, 0.36))
            goods = _GOODS[int(rng.integers(len(_GOODS)))]
            end = min(x + width, xs[1] - 0.03)
            camera.polygon(picture, _box_front((x, end - 0.015), (bottom, top), z - 0.01), goods)
            x = end
        board_top = _box_front(xs, (bottom - 0.05, bottom), z - 0.02)
        camera.polygon(picture, board_top, (206, 202, 196))


def _fridge(picture: Picture, camera: Camera, rng: Generator) -> None:
    """Glass doors along the left wall, bright inside."""
    x = LEFT + 0.6
    for z in np.arange(3.0, 6.6, 0.9):
        frame = _quad((x, 0, z), (x, 0, z + 0.88), (x, 2.0, z + 0.88), (x, 2.0, z))
        camera.polygon(picture, frame, (70, 74, 80))
        for y in np.arange(0.2, 1.8, 0.42):
            for dz in np.arange(0.06, 0.8, 0.13):
                colour = _GOODS[int(rng.integers(len(_GOODS)))]
                near, far = z + dz, z + dz + 0.11
                bottle = _quad((x, y, near), (x, y, far), (x, y + 0.3, far), (x, y + 0.3, near))
                camera.polygon(picture, bottle, colour)


def _lit(picture: Picture) -> Picture:
    """Lamps above the middle, darker corners."""
    height, width, _ = picture.shape
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    light = 1.06 - 0.24 * (x**2 + (y + 0.1) ** 2)
    shaded: Picture = np.clip(picture * light[..., None], 0, 255).astype(np.uint8)
    return shaded


def _quad(*corners: tuple[float, float, float]) -> Vec:
    return np.array(corners, np.float64)


def _box_front(xs: tuple[float, float], ys: tuple[float, float], z: float) -> Vec:
    (x0, x1), (y0, y1) = xs, ys
    return _quad((x0, y0, z), (x1, y0, z), (x1, y1, z), (x0, y1, z))
