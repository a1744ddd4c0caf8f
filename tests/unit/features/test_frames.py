"""JPEG frames become square pixels, and whatever is no JPEG is refused."""

import numpy as np
import pytest
import simplejpeg

from services.chassis.errors import InvalidMessage
from services.chassis.media.blobs import packed
from services.features import frames
from services.features.frames import clip_pixels, decode, squash
from tests.builders import clip


def jpeg(width: int = 64, height: int = 48, colour: tuple[int, int, int] = (200, 40, 60)) -> bytes:
    picture = np.full((height, width, 3), colour, np.uint8)
    encoded: bytes = simplejpeg.encode_jpeg(picture, 95, "RGB", "420")
    return encoded


def test_frames_keep_colour_order_and_number() -> None:
    pictures = (jpeg(), jpeg(colour=(10, 220, 90)))
    pixels = clip_pixels(clip(0, frames=pictures, frame_count=2), size=32)
    assert pixels.shape == (2, 32, 32, 3)
    assert np.abs(pixels[0].reshape(-1, 3).mean(0) - (200, 40, 60)).max() < 4
    assert np.abs(pixels[1].reshape(-1, 3).mean(0) - (10, 220, 90)).max() < 4


def test_the_whole_picture_is_squashed() -> None:
    wide = np.zeros((48, 96, 3), np.uint8)
    wide[:, :48] = 255
    half = squash(wide, 24)
    assert half.shape == (24, 24, 3)
    assert half[:, :11].min() == 255
    assert half[:, 13:].max() == 0


@pytest.mark.parametrize("content", [b"", b"not a picture", jpeg()[:40]])
def test_what_is_no_jpeg_is_an_invalid_message(content: bytes) -> None:
    with pytest.raises(InvalidMessage, match="not a JPEG"):
        decode(content)


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "MAX_PIXELS", 64 * 48 - 1)
    with pytest.raises(InvalidMessage, match="too large"):
        decode(jpeg())


def test_a_clip_of_h264_gives_the_same_pixels_but_for_its_losses() -> None:
    jpegs = tuple(jpeg(colour=(level, 60, 200 - level)) for level in range(20, 180, 10))
    plain = clip(0, frames=jpegs, frame_count=16)
    blob = clip(0, encoding="h264", frames=(packed(jpegs),), frame_count=16)
    difference = clip_pixels(plain, 32).astype(int) - clip_pixels(blob, 32)
    assert np.abs(difference).mean() < 4


def test_a_clip_of_h264_with_fewer_frames_than_it_says_is_refused() -> None:
    short = clip(0, encoding="h264", frames=(packed((jpeg(),) * 3),), frame_count=16)
    with pytest.raises(InvalidMessage, match="16 frames"):
        clip_pixels(short, 32)
    with pytest.raises(InvalidMessage, match="cannot be decoded"):
        clip_pixels(clip(0, encoding="h264", frames=(b"...",)), 32)
