"""A row of JPEG pictures is a video; a photograph is none."""

import numpy as np
import pytest

from services.chassis.media.jpeg import of_rgb
from services.chassis.media.kinds import is_motion_jpeg

NOISE = np.random.default_rng(1).integers(0, 255, (60, 80, 3), np.uint8)
PICTURE = of_rgb(NOISE).content
SMALL = of_rgb(NOISE[:8, :8]).content


def photograph(preview: bytes) -> bytes:
    """With a preview in its application segment, as cameras write them."""
    segment = b"Exif\0\0" + preview
    return PICTURE[:2] + b"\xff\xe1" + (len(segment) + 2).to_bytes(2) + segment + PICTURE[2:]


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (PICTURE * 3, True),
        (PICTURE + PICTURE[:3], True),
        (PICTURE[:200], True),
        (PICTURE, False),
        (PICTURE + b"\0" * 900, False),
        (photograph(SMALL), False),
        (photograph(SMALL) * 2, True),
        (b"", False),
        (b"\x89PNG\r\n", False),
        (b"\xff\xd8\xff", True),
    ],
    ids=["a row", "a second begins", "cut short", "a single one", "padded", "with a preview",
         "a row with previews", "nothing", "another format", "only the beginning"],
)  # fmt: skip
def test_a_row_of_pictures_is_told_from_a_single_one(head: bytes, expected: bool) -> None:
    assert is_motion_jpeg(head) is expected
