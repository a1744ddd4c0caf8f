"""A clip as the live view shows it: a JPEG a picture, whichever way the clip is encoded."""

import threading

from schemas.clips import ClipRecorded
from services.chassis.errors import InvalidMessage
from services.chassis.media.blobs import unpacked
from services.chassis.telemetry import metrics


class NotShown(Exception):
    """The clip's pictures cannot be decoded."""


class ShownClip:
    """Shared by all who watch the camera: H.264 is decoded once, when somebody is first shown a
    picture of it. Safe between threads.
    """

    def __init__(self, clip: ClipRecorded) -> None:
        self.clip = clip
        self._lock = threading.Lock()
        self._decoded: tuple[bytes, ...] = clip.frames if clip.encoding == "jpeg" else ()
        self._is_broken = False

    @property
    def takes_long(self) -> bool:
        """Whether its pictures have to be decoded: a few milliseconds, in a thread."""
        return self.clip.encoding != "jpeg"

    def jpeg(self, number: int) -> bytes:
        """The picture of that number, 0 being the first. Raises NotShown."""
        count = self.clip.frame_count if number >= len(self._decoded) else 1
        return self._first(count)[number]

    def glimpse(self) -> int:
        """The number of one picture: the latest of those that cost nothing any more, else the
        first, since all that follow hang on it. Raises NotShown.
        """
        return len(self._first(1)) - 1

    def _first(self, count: int) -> tuple[bytes, ...]:
        """So many of its pictures at least, from the first on."""
        with self._lock:
            if len(self._decoded) < count and not self._is_broken:
                self._decode(count)
            if len(self._decoded) < count:
                raise NotShown
            return self._decoded

    def _decode(self, count: int) -> None:
        try:
            pictures = unpacked(self.clip.frames[0], count)
        except InvalidMessage:
            metrics.count("records_skipped", "live pictures")
            pictures = []
        self._decoded = tuple(picture.content for picture in pictures)
        self._is_broken = len(pictures) < count
