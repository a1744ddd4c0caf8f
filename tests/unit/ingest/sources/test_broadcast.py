"""Cameras that show a clock: the number of a picture survives what is done to it on the way."""

import time
from dataclasses import replace

import av
import cv2
import numpy as np
import pytest

from services.chassis.media.jpeg import of_rgb, to_rgb
from services.ingest.sources.sim import parse
from services.ingest.sources.sim.broadcast import (
    BITS,
    GRAIN,
    Broadcast,
    number_of,
    numbered,
    stood_still,
)


@pytest.mark.parametrize("number", [0, 1, 499, 1365, 2730, 2**BITS - 1])
@pytest.mark.parametrize("size", [(455, 256), (341, 256), (224, 224)])
def test_a_number_is_read_from_a_small_jpeg(number: int, size: tuple[int, int]) -> None:
    noise_HWC = np.random.default_rng(number).integers(0, 256, (720, 1280, 3), np.uint8)
    small_HWC = cv2.resize(numbered(noise_HWC, number), size, interpolation=cv2.INTER_LINEAR)
    assert number_of(to_rgb(of_rgb(small_HWC.astype(np.uint8)))) == number


def test_a_picture_without_a_clock_has_no_number() -> None:
    assert number_of(np.full((256, 455, 3), 128, np.uint8)) is None
    assert number_of(np.zeros((256, 455, 3), np.uint8)) is None


def test_whoever_watches_can_tell_when_a_picture_was_sent() -> None:
    spec = replace(parse("sim://store?seconds=1&people=1&size=320x240"), frame_rate=25)
    with (
        Broadcast(spec) as broadcast,
        av.open(broadcast.url("door"), timeout=(30, 30)) as camera,
    ):
        numbers, moments = [], []
        for frame in camera.decode(video=0):
            number = number_of(frame.to_ndarray(format="rgb24"))
            assert number is not None
            numbers.append(number)
            moments.append(broadcast.sent_at("door", number, time.time()))
            if len(numbers) == 30:
                break
        assert numbers == [number % spec.frame_count for number in range(30)]
        assert None not in moments
        assert moments == sorted(moments, key=lambda moment: moment or 0.0)
        assert broadcast.sent_at("door", 0, before=0.0) is None
        assert broadcast.sent_at("nobody", 0, before=time.time()) is None


def test_in_a_still_broadcast_nothing_moves_but_the_grain() -> None:
    spec = replace(parse("sim://store?seconds=1&people=1&size=320x240"), frame_rate=25)
    first_HWC, second_HWC, *rest = stood_still(spec)
    assert len(rest) == spec.frame_count - 2
    assert (first_HWC != second_HWC).any()
    assert np.abs(first_HWC.astype(int) - second_HWC).max() <= 2 * GRAIN
