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


def _light(frames: Frames, rng: Generator) -> Frames:
    gain, offset = rng.uniform(0.7, 1.4), rng.uniform(-25, 25)
    changed = [cv2.convertScaleAbs(frame, alpha=gain, beta=offset) for frame in frames]
    return [frame.astype(np.uint8, copy=False) for frame in changed]


def _crop_flip(frames: Frames, rng: Generator) -> Frames:
    return _flip(_crop(frames, rng, rng.uniform(0.72, 0.92)), rng)


def _infrared(frames: Frames, rng: Generator) -> Frames:
    """A night camera: grey, flat and grainy, mirrored."""
    gain, floor = rng.uniform(0.35, 0.7), rng.uniform(10, 60)
    return [_grainy(_grey(frame) * gain + floor, rng, 6.0) for frame in _flip(frames, rng)]


def _halting(frames: Frames, rng: Generator) -> Frames:
    """A camera of five to seven frames a second: each picture is held."""
    held = int(rng.integers(2, 4))
    return [frames[k - k % held] for k in range(len(frames))]


def _shaky(frames: Frames, rng: Generator) -> Frames:
    """A camera on a thin pole: the picture sways by up to a fiftieth of its width."""
    height, width = frames[0].shape[:2]
    phase_2, speed_2 = rng.uniform(0, 2 * np.pi, 2), rng.uniform(0.3, 1.2, 2)
    reach = 0.02 * width
    shaken = []
    for k, frame in enumerate(frames):
        dx, dy = reach * np.sin(phase_2 + speed_2 * k)
        move = np.array([[1, 0, dx], [0, 1, dy]])
        moved = cv2.warpAffine(frame, move, (width, height), borderMode=cv2.BORDER_REPLICATE)
        shaken.append(moved.astype(np.uint8, copy=False))
    return shaken


def _far(frames: Frames, rng: Generator) -> Frames:
    """A wider lens: all is smaller, the edges go on as they are."""
    height, width = frames[0].shape[:2]
    share = rng.uniform(0.5, 0.75)
    h, w = int(height * share), int(width * share)
    top, left = int(rng.integers(height - h + 1)), int(rng.integers(width - w + 1))
    edges = (top, height - h - top, left, width - w - left)
    small = (cv2.resize(frame, (w, h), interpolation=cv2.INTER_AREA) for frame in frames)
    wide = [cv2.copyMakeBorder(frame, *edges, cv2.BORDER_REPLICATE) for frame in small]
    return [frame.astype(np.uint8, copy=False) for frame in wide]


def _still(frames: Frames, rng: Generator) -> Frames:
    """Nothing moves but the grain of the sensor. Whatever the picture shows, nothing happens."""
    picture, grain = frames[len(frames) // 2].astype(np.float64), rng.uniform(0, 8)
    return [_grainy(picture, rng, grain) for _ in frames]


VIEWS: dict[str, View] = {
    "plain": View(_plain),
    "flip": View(_flip),
    "shift": View(_shift, starts_at=8),
    "light": View(_light, quality=60),
    "crop_flip": View(_crop_flip),
    "infrared": View(_infrared, quality=70),
    "halting": View(_halting),
    "shaky": View(_shaky),
    "far": View(_far),
    "still": View(_still, is_still=True),
}


def _crop(frames: Frames, rng: Generator, share: float) -> Frames:
    height, width = frames[0].shape[:2]
    h, w = int(height * share), int(width * share)
    y, x = int(rng.integers(height - h + 1)), int(rng.integers(width - w + 1))
    return [frame[y : y + h, x : x + w] for frame in frames]


def _grey(frame: Frame) -> NDArray[np.float64]:
    grey = cv2.cvtColor(np.ascontiguousarray(frame), cv2.COLOR_RGB2GRAY)
    return np.repeat(grey[..., None], 3, axis=2).astype(np.float64)


def _grainy(picture: NDArray[np.float64], rng: Generator, grain: float) -> Frame:
    """With noise of this standard deviation, the same in all colours."""
    noise = rng.normal(0, grain, (*picture.shape[:2], 1))
    return np.clip(picture + noise, 0, 255).astype(np.uint8)
