"""Clips that fit their topic: a picture of 8192 x 256 that is all noise takes 34 MB a clip."""

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np

from schemas.topics import CLIPS_BULK, MIB
from services.chassis.media.jpeg import Jpeg, of_rgb, to_rgb
from services.ingest.core import Clip

MOST_BYTES = CLIPS_BULK.max_message_bytes - MIB
"""What the frames of a clip may take together; the rest is for the message around them."""
QUALITIES = (60, 30)


def fitted(clip: Clip[Jpeg], most_bytes: int = MOST_BYTES) -> Clip[Jpeg]:
    """The clip itself, or with its pictures in a lower quality, at last smaller, until they fit.

    All pictures keep one size. The same clip gives the same bytes.
    """
    for pictures in _ever_smaller(clip.pictures):
        if sum(len(picture.content) for picture in pictures) <= most_bytes:
            return replace(clip, pictures=pictures)
    raise AssertionError("a picture of 2x2 fits")


def _ever_smaller(pictures: tuple[Jpeg, ...]) -> Iterator[tuple[Jpeg, ...]]:
    yield pictures
    factor = 1.0
    while factor > 1e-4:
        for quality in QUALITIES:
            yield _again(pictures, factor, quality)
        factor /= 2


def _again(pictures: tuple[Jpeg, ...], factor: float, quality: int) -> tuple[Jpeg, ...]:
    """Each picture is made once, however often it is held."""
    done: dict[int, Jpeg] = {}
    for picture in pictures:
        if id(picture) not in done:
            done[id(picture)] = _smaller(picture, factor, quality)
    return tuple(done[id(picture)] for picture in pictures)


def _smaller(picture: Jpeg, factor: float, quality: int) -> Jpeg:
    rgb_HWC = to_rgb(picture)
    if factor < 1:
        size = (_even(picture.width * factor), _even(picture.height * factor))
        rgb_HWC = np.asarray(cv2.resize(rgb_HWC, size, interpolation=cv2.INTER_AREA), np.uint8)
    return of_rgb(rgb_HWC, quality)


def _even(length: float) -> int:
    return max(2, round(length / 2) * 2)
