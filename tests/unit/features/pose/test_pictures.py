"""Which frames of a clip are looked at, and which clips cannot be."""

import pytest

from schemas.clips import ClipRecorded
from services.chassis.errors import InvalidMessage
from services.features.pose.pictures import pictures, sampled
from tests.builders import clip
from tests.unit.features.pose.planted import HEIGHT, WIDTH, filmed, frame

OVERLAPPING = {"frames": 16, "frame_rate": 15, "hop": 8}
SPARSE = {"frames": 16, "frame_rate": 15, "hop": 32}


def of(count: int, **more: object) -> ClipRecorded:
    return clip(0, frame_count=count, frames=(b"",) * count, **more)


@pytest.mark.parametrize(
    ("recorded", "frames", "expected"),
    [
        (of(16), 8, [0, 2, 4, 6, 8, 10, 12, 14]),
        (of(16), 4, [0, 4, 8, 12]),
        (of(16), 3, [0, 5, 10]),
        (of(16), 1, [0]),
        (of(16), 64, list(range(16))),
        (of(5, is_last=True), 4, [0, 4]),
        (of(1, is_last=True), 8, [0]),
        (of(16, spec=OVERLAPPING), 4, [0, 2, 4, 6]),
        (of(16, spec=OVERLAPPING, is_last=True), 4, [0, 2, 4, 6, 8, 10, 12, 14]),
        (of(16, spec=SPARSE), 4, [0, 4, 8, 12]),
    ],
)
def test_frames_are_evenly_spaced(recorded: ClipRecorded, frames: int, expected: list[int]) -> None:
    assert sampled(recorded, frames) == expected


def test_each_frame_has_its_moment_and_the_picture_its_own_size() -> None:
    seen = pictures(filmed(1, [[]] * 16), 4, 320)
    assert seen.at_s == pytest.approx([16 / 15 + k * 4 / 15 for k in range(4)], abs=1e-6)
    assert seen.canvases.shape == (4, HEIGHT, WIDTH, 3)
    assert (seen.letterbox.width, seen.letterbox.height) == (WIDTH, HEIGHT)


@pytest.mark.parametrize(
    "bad",
    [
        clip(0, frames=(b"not a picture",)),
        clip(0, frames=(frame()[:90],)),
        clip(0, encoding="h264"),
    ],
)
def test_frames_that_cannot_be_used_are_an_invalid_message(bad: ClipRecorded) -> None:
    with pytest.raises(InvalidMessage):
        pictures(bad, 4, 320)


def test_frames_of_two_sizes_are_an_invalid_message() -> None:
    import numpy as np
    import simplejpeg

    other = simplejpeg.encode_jpeg(np.zeros((64, 64, 3), np.uint8))
    mixed = clip(0, frame_count=16, frames=(frame(), other) * 8)
    with pytest.raises(InvalidMessage, match="one size"):
        pictures(mixed, 16, 320)
