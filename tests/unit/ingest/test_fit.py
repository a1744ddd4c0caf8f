"""Clips are made to fit, all their pictures alike."""

import numpy as np
import pytest

from services.chassis.media.jpeg import Jpeg, of_rgb, to_rgb
from services.ingest.core import Clip
from services.ingest.fit import fitted

NOISE = np.random.default_rng(0).integers(0, 255, (240, 320, 3), np.uint8)


def clip(count: int = 4) -> Clip[Jpeg]:
    pictures = tuple(of_rgb(np.roll(NOISE, shift, 1)) for shift in range(count))
    return Clip(0, 0.0, 1.0, pictures)


def size_of(one: Clip[Jpeg]) -> int:
    return sum(len(picture.content) for picture in one.pictures)


def test_what_fits_is_left_as_it_is() -> None:
    whole = clip()
    assert fitted(whole, size_of(whole)) is not None
    assert fitted(whole, size_of(whole)).pictures is whole.pictures


@pytest.mark.parametrize("share", [0.9, 0.4, 0.1, 0.05])
def test_what_does_not_is_made_smaller_until_it_does(share: float) -> None:
    whole = clip()
    small = fitted(whole, round(share * size_of(whole)))
    assert size_of(small) <= share * size_of(whole)
    assert len({(one.width, one.height) for one in small.pictures}) == 1
    for picture in small.pictures:
        assert to_rgb(picture).shape == (picture.height, picture.width, 3)


def test_a_held_picture_is_made_once() -> None:
    held = Clip(0, 0.0, 1.0, clip(1).pictures * 16)
    small = fitted(held, size_of(held) // 3)
    assert len({id(picture) for picture in small.pictures}) == 1


def test_the_same_clip_gives_the_same_bytes() -> None:
    assert fitted(clip(), 20_000) == fitted(clip(), 20_000)
