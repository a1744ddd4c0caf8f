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
    """A named view and the JPEG quality it is stored with."""

    change: Callable[[Frames, Generator], Frames]
    quality: int = 85


def _plain(frames: Frames, _: Generator) -> Frames:
    return frames


def _flip(frames: Frames, _: Generator) -> Frames:
    return [frame[:, ::-1] for frame in frames]


def _shift(frames: Frames, _: Generator) -> Frames:
    """Other window borders: half a clip later."""
    return frames[8:] if len(frames) > 24 else []


def _shift_flip(frames: Frames, rng: Generator) -> Frames:
    """The other pairs of clips, mirrored."""
    return _flip(frames[16:], rng) if len(frames) > 40 else []


def _light(frames: Frames, rng: Generator) -> Frames:
    gain, offset = rng.uniform(0.7, 1.4), rng.uniform(-25, 25)
    changed = [cv2.convertScaleAbs(frame, alpha=gain, beta=offset) for frame in frames]
    return [frame.astype(np.uint8, copy=False) for frame in changed]


def _crop_flip(frames: Frames, rng: Generator) -> Frames:
    return _flip(_crop(frames, rng, rng.uniform(0.72, 0.92)), rng)


def _zoom(frames: Frames, rng: Generator) -> Frames:
    return _crop(frames, rng, rng.uniform(0.6, 0.8))


def _reverse(frames: Frames, _: Generator) -> Frames:
    """A fight run backwards is still a fight, and so is shopping."""
    return frames[::-1]


def _coarse(frames: Frames, rng: Generator) -> Frames:
    """A cheap camera: a third of the resolution, mirrored."""
    return [_blocky(frame) for frame in _flip(frames, rng)]


VIEWS: dict[str, View] = {
    "plain": View(_plain),
    "flip": View(_flip),
    "shift": View(_shift),
    "shift_flip": View(_shift_flip),
    "light": View(_light, quality=60),
    "crop_flip": View(_crop_flip),
    "zoom": View(_zoom),
    "reverse": View(_reverse),
    "coarse": View(_coarse, quality=60),
}


def _crop(frames: Frames, rng: Generator, share: float) -> Frames:
    height, width = frames[0].shape[:2]
    h, w = int(height * share), int(width * share)
    y, x = int(rng.integers(height - h + 1)), int(rng.integers(width - w + 1))
    return [frame[y : y + h, x : x + w] for frame in frames]


def _blocky(frame: Frame) -> Frame:
    height, width = frame.shape[:2]
    small = cv2.resize(
        np.ascontiguousarray(frame), (width // 3, height // 3), interpolation=cv2.INTER_AREA
    )
    return cv2.resize(small, (width, height)).astype(np.uint8, copy=False)
