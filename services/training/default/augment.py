"""Other views of the same video, made of its small frames before they become JPEGs again.

Each takes the RGB frames [H, W, 3] of a whole video and gives a new list. All are seeded.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Frame = NDArray[np.uint8]
Frames = list[Frame]


@dataclass(frozen=True)
class View:
    """How the frames change, and the JPEG quality that the result is stored with."""

    change: Callable[[Frames, Generator], Frames]
    quality: int = 85
    starts_at: int = 0
    """The frame of the video that comes first."""
    is_still: bool = False
    """Whether nothing moves any more, so that nothing can happen."""


def _plain(frames: Frames, _: Generator) -> Frames:
    return frames


def _flip(frames: Frames, _: Generator) -> Frames:
    return [frame[:, ::-1] for frame in frames]


def _shift(frames: Frames, _: Generator) -> Frames:
    """Other window borders: half a clip later."""
    return frames[8:] if len(frames) > 24 else []


def _infrared(frames: Frames, rng: Generator) -> Frames:
    """A night camera: grey, flat and grainy, mirrored."""
    gain, floor = rng.uniform(0.35, 0.7), rng.uniform(10, 60)
    return [_grainy(_grey(frame) * gain + floor, rng, 6.0) for frame in _flip(frames, rng)]


def _still(frames: Frames, rng: Generator) -> Frames:
    """Nothing moves but the grain of the sensor. Whatever the picture shows, nothing happens."""
    picture, grain = frames[len(frames) // 2].astype(np.float64), rng.uniform(0, 8)
    return [_grainy(picture, rng, grain) for _ in frames]


VIEWS: dict[str, View] = {
    "plain": View(_plain),
    "flip": View(_flip),
    "shift": View(_shift, starts_at=8),
    "infrared": View(_infrared, quality=70),
    "still": View(_still, is_still=True),
}


def _grey(frame: Frame) -> NDArray[np.float64]:
    grey = cv2.cvtColor(np.ascontiguousarray(frame), cv2.COLOR_RGB2GRAY)
    return np.repeat(grey[..., None], 3, axis=2).astype(np.float64)


def _grainy(picture: NDArray[np.float64], rng: Generator, grain: float) -> Frame:
    """With noise of this standard deviation, the same in all colours."""
    noise = rng.normal(0, grain, (*picture.shape[:2], 1))
    return np.clip(picture + noise, 0, 255).astype(np.uint8)
