"""Pictures of a clip as H.264: small, whole, and refused where they are broken."""

import numpy as np
import pytest

from services.chassis.errors import InvalidMessage
from services.chassis.media.blobs import packed, rgb_pictures, unpacked
from services.chassis.media.jpeg import Jpeg, of_rgb, to_rgb

LEVELS = range(30, 190, 10)


def jpegs(width: int = 64, height: int = 48) -> list[bytes]:
    """Grain, brighter from picture to picture."""
    grain = np.random.default_rng(0).integers(-20, 20, (height, width, 3))
    return [of_rgb((grain + level).clip(0, 255).astype(np.uint8)).content for level in LEVELS]


def test_pictures_come_back_in_order_with_their_colours() -> None:
    content = jpegs()
    blob = packed(content)
    plain = [to_rgb(Jpeg(each, 64, 48)).mean() for each in content]
    assert [picture.mean() for picture in rgb_pictures(blob, 16)] == pytest.approx(plain, abs=2)
    back = unpacked(blob, 16)
    assert [to_rgb(picture).mean() for picture in back] == pytest.approx(plain, abs=2)
    assert {(picture.width, picture.height) for picture in back} == {(64, 48)}


def test_no_more_is_decoded_than_is_asked_for() -> None:
    blob = packed(jpegs())
    assert [len(unpacked(blob, most)) for most in (1, 5, 16, 40)] == [1, 5, 16, 16]


def test_pictures_that_stand_still_cost_next_to_nothing() -> None:
    (still, *_) = jpegs()
    assert len(packed([still] * 16)) < len(packed([still])) + 16 * 100


@pytest.mark.parametrize("blob", [b"", b"\0\0\1", b"no video at all", jpegs()[0]])
def test_what_is_no_h264_is_an_invalid_message(blob: bytes) -> None:
    with pytest.raises(InvalidMessage):
        unpacked(blob, 16)


def test_what_is_too_large_is_refused() -> None:
    large = of_rgb(np.zeros((2400, 2400, 3), np.uint8)).content
    with pytest.raises(InvalidMessage):
        unpacked(packed([large]), 1)


def test_what_is_no_jpeg_is_not_packed() -> None:
    with pytest.raises(InvalidMessage):
        packed([jpegs()[0], b"no picture"])
