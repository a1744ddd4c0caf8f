"""Thumbnails: the picture on the screen at a moment of a video, read straight from the store."""

import math
import threading
import time
from collections import OrderedDict
from fractions import Fraction
from typing import Any

import av
import numpy as np
import simplejpeg

from services.chassis.storage.objects import ObjectStore, open_object

PATIENCE_S = 10.0
"""A video with one key frame would be decoded from its start: after so long, what there is."""

KEPT = 256
AT_ONCE = 2
QUALITY = 80
# Only the object itself is read, whatever links a file may hold.
OPTIONS = {"protocol_whitelist": "none"}


class NoFrame(ValueError):
    """There is no picture at that time, or the object is no video."""


class Thumbnails:
    """Decodes at most two at once, and keeps the latest ones. Safe to share between threads."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._turns = threading.Semaphore(AT_ONCE)
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, float, int], bytes] = OrderedDict()

    def get(self, key: str, time_s: float, width: int) -> bytes:
        """A JPEG, at most `width` wide. Raises NoFrame, ObjectMissing, TransientError."""
        wanted = (key, round(time_s, 2), width)
        with self._lock:
            if wanted in self._kept:
                self._kept.move_to_end(wanted)
                return self._kept[wanted]
        with self._turns:
            picture = encode(picture_at(self._store, key, time_s, width))
        with self._lock:
            self._kept[wanted] = picture
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return picture


def encode(picture_HWC: "np.ndarray[Any, Any]") -> bytes:
    return bytes(simplejpeg.encode_jpeg(picture_HWC, quality=QUALITY, colorspace="RGB"))


def picture_at(store: ObjectStore, key: str, time_s: float, width: int) -> "np.ndarray[Any, Any]":
    """The upright RGB picture on the screen at `time_s`, (height, width, 3) uint8."""
    with open_object(store, key) as file:
        try:
            with av.open(file, options=OPTIONS) as container:
                frame = _frame_at(container, time_s)
                return _upright(frame, width)
        except (av.FFmpegError, IndexError) as error:
            raise NoFrame("The video cannot be decoded at that time.") from error


def _frame_at(container: Any, time_s: float) -> Any:
    """The latest frame that is on screen by then, in seconds after the first one's time."""
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    base: Fraction = stream.time_base
    start = (stream.start_time or 0) * base
    container.seek(math.floor((start + Fraction(time_s)) / base), stream=stream, backward=True)
    latest, give_up = None, time.monotonic() + PATIENCE_S
    for frame in container.decode(stream):
        if frame.pts is not None and latest and frame.pts * base - start > time_s:
            break
        latest = frame
        if time.monotonic() > give_up:
            break
    if latest is None:
        raise NoFrame("The video has no picture at that time.")
    return latest


def _upright(frame: Any, width: int) -> "np.ndarray[Any, Any]":
    turned = frame.rotation % 180 != 0
    shown = min(width, frame.height if turned else frame.width)
    scale = shown / (frame.height if turned else frame.width)
    size = (max(2, round(frame.width * scale)), max(2, round(frame.height * scale)))
    picture_HWC = frame.to_ndarray(width=size[0], height=size[1], format="rgb24")
    quarters = round(frame.rotation / 90)
    return np.ascontiguousarray(np.rot90(picture_HWC, quarters))
