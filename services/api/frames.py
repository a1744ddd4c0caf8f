"""Thumbnails: the picture on the screen at a moment of a video, read straight from the store."""

import threading
from collections import OrderedDict

from services.chassis.media.jpeg import of_rgb
from services.chassis.media.recording import VideoUnreadable
from services.chassis.media.shape import Picture
from services.chassis.media.stored import open_stored
from services.chassis.storage.objects import ObjectStore

PATIENCE_S = 10.0
"""A video with one key frame is decoded from its start: after so long there is no thumbnail."""

KEPT = 256
AT_ONCE = 2
QUALITY = 80


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
            jpeg = of_rgb(picture_at(self._store, key, time_s, width), QUALITY).content
        with self._lock:
            self._kept[wanted] = jpeg
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return jpeg


def picture_at(store: ObjectStore, key: str, time_s: float, width: int) -> Picture:
    """The upright RGB picture on the screen at `time_s`, at most `width` wide.

    Raises NoFrame, ObjectMissing, TransientError.
    """
    try:
        with open_stored(store, key, PATIENCE_S) as recording:
            return recording.at(time_s, recording.size.wide(width))
    except VideoUnreadable as error:
        raise NoFrame(f"The video cannot be decoded at that time: {error}") from error
