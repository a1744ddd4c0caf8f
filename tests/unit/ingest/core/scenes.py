"""A made room in grey, as the cores of motion and health see it, and what may happen to it."""

import numpy as np
from numpy.typing import NDArray

from services.ingest.core.thumbnails import Thumbnail, thumbnail

HEIGHT, WIDTH = 256, 342

Grey = NDArray[np.uint8]


def room(seed: int = 1, height: int = HEIGHT, width: int = WIDTH) -> Grey:
    """Shelves and goods: rectangles of any brightness."""
    chance = np.random.default_rng(seed)
    picture = np.full((height, width), 120, np.uint8)
    for _ in range(120):
        y, x = chance.integers(0, height), chance.integers(0, width)
        picture[y : y + chance.integers(5, 60), x : x + chance.integers(5, 60)] = chance.integers(
            40, 220
        )
    return picture


def noisy(picture: Grey, seed: int, sigma: float = 2.0) -> Grey:
    """As a sensor sees it."""
    noise = np.random.default_rng(seed).normal(0, sigma, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def person(picture: Grey, x: int, height: int = 60) -> Grey:
    """Somebody stands there, `height` pixels tall."""
    painted = picture.copy()
    width = height // 3
    painted[-height - 10 : -10, max(x, 0) : max(x + width, 0)] = 30
    painted[-height - 10 : -height + 5, max(x, 0) : max(x + width, 0)] = 210
    return painted


def blurred(picture: Grey, radius: int) -> Grey:
    """A mean over squares, twice: about a Gaussian of .8 times the radius."""
    smooth = picture.astype(float)
    for axis in (0, 1, 0, 1):
        smooth = np.mean([np.roll(smooth, k, axis) for k in range(-radius, radius + 1)], axis=0)
    return smooth.astype(np.uint8)


def thumb(picture: Grey) -> Thumbnail:
    return thumbnail(picture)
