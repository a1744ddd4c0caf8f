"""A stored video by its moments: the picture on screen at a second, and the frames from one on.

Seconds are those of the clips (`timeline`): whoever shows a moment shows what was analysed.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import chain
from typing import BinaryIO

import av

from services.chassis.media.limits import BadVideo, MediaLimits
from services.chassis.media.shape import Picture, Size, upright
from services.chassis.media.timeline import TOLERANCE_S, Frame, Shown, Timeline
from services.chassis.media.video import FileVideo, VideoInfo, open_video

SEEK_BACK_S = (1.0, 15.0)
"""Step back further when the container's index leads behind the moment."""
MOST_RATE = 60

Shots = Iterator[Shown[av.VideoFrame]]


class VideoUnreadable(Exception):
    """No picture can be had of it. The text says why in a few words."""


class Recording:
    """An open video; `frames_from` may be called again and again. Close it.

    Memory is bounded by a handful of frames whatever the length; time by the deadline, checked at
    every frame.
    """

    def __init__(
        self,
        readable: BinaryIO,
        deadline_s: float,
        may_seek: bool = True,
        limits: MediaLimits = MediaLimits(),
    ) -> None:
        """`may_seek` is false where the file's own times are not its media times.

        Raises VideoUnreadable; the reader's errors go through.
        """
        self._readable, self._limits, self._may_seek = readable, limits, may_seek
        self._deadline = time.monotonic() + deadline_s
        self._resources = ExitStack()
        self._check()
        self._video = self._open()
        self._zero_s = self._video.first.at_s

    def close(self) -> None:
        self._resources.close()

    @property
    def info(self) -> VideoInfo:
        return self._video.info

    @property
    def size(self) -> Size:
        """As shown: upright, pixels square."""
        return Size(self.info.width, self.info.height)

    @property
    def turns(self) -> int:
        """Quarter turns, counterclockwise, that stand a frame upright."""
        return self._video.turns

    @property
    def rate(self) -> int:
        """Frames a second, about."""
        return min(MOST_RATE, max(1, round(self.info.frame_rate or 25)))

    def at(self, seconds: float, size: Size | None = None) -> Picture:
        """The frame on screen then, else the last one; as shown, or in another size."""
        latest: av.VideoFrame | None = None
        for shot in self.frames_from(seconds):
            if latest is not None and shot.start_s > seconds + TOLERANCE_S:
                break
            latest = shot.picture
        if latest is None:
            raise VideoUnreadable("it has no frame that can be decoded")
        return upright(latest, self.turns, size or self.size)

    def frames_from(self, seconds: float) -> Shots:
        """Frames in media time, from one at or before `seconds` on, if there is any."""
        for shot in self._sought(seconds) or self._from_the_start():
            self._check()
            yield shot

    def _sought(self, seconds: float) -> Shots | None:
        if not self._may_seek or self._zero_s is None:
            return None
        for back_s in SEEK_BACK_S:
            if seconds <= back_s:
                return None
            try:
                shots = self._timed(self._video.seek(self._zero_s + seconds - back_s))
                first = next(shots, None)
            except av.FFmpegError:
                return None
            if first is not None and first.start_s <= seconds:
                return chain([first], shots)
        return None

    def _timed(self, frames: Iterator[Frame[av.VideoFrame]]) -> Shots:
        """In the file's own time, less where it begins; nothing where the first has no time."""
        assert self._zero_s is not None
        latest_s: float | None = None
        for frame in frames:
            self._check()
            if frame.at_s is not None:
                latest_s = max(latest_s or 0.0, frame.at_s - self._zero_s)
            elif latest_s is not None:
                latest_s += self._video.step_s
            else:
                return
            yield Shown(frame.picture, latest_s, latest_s + self._video.step_s)

    def _from_the_start(self) -> Shots:
        self._resources.close()
        self._video = self._open()
        timeline = Timeline(self._video.step_s)
        return (timeline.place(frame) for frame in self._video.frames())

    def _open(self) -> FileVideo:
        try:
            return self._resources.enter_context(open_video(self._readable, self._limits))
        except BadVideo as error:
            raise VideoUnreadable(str(error)) from error

    def _check(self) -> None:
        if time.monotonic() > self._deadline:
            raise VideoUnreadable("reading it takes too long")


@contextmanager
def open_recording(
    readable: BinaryIO, deadline_s: float = 30.0, may_seek: bool = True
) -> Iterator[Recording]:
    """Raises VideoUnreadable; errors of the reader itself go through."""
    with closing(Recording(readable, deadline_s, may_seek)) as recording:
        try:
            yield recording
        except BadVideo as error:
            raise VideoUnreadable(str(error)) from error
