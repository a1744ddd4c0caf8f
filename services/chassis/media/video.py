"""A video file, or any seekable reader of one, decoded with PyAV (FFmpeg).

Frames come in the order of presentation. Damage inside is skipped, a truncated file ends where it
ends; a file without a single readable frame is a BadVideo, said in one sentence to its owner.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Self

import av

from services.chassis.media.container import GUESSED_TIMES, Container, stated_duration
from services.chassis.media.limits import BadVideo, MediaLimits
from services.chassis.media.shape import Size, quarter_turns, shown_size
from services.chassis.media.timeline import Frame

DEFAULT_STEP_S = 1 / 25


@dataclass(frozen=True)
class VideoInfo:
    """What is known before the first frame. The size is as shown: rotated, square pixels."""

    width: int
    height: int
    codec: str
    frame_rate: float | None = None
    duration_s: float | None = None


def open_video(readable: Path | BinaryIO, limits: MediaLimits = MediaLimits()) -> "FileVideo":
    """Open it and decode the first frame. Raises BadVideo; errors of the reader go through.

    Close it, or use it as a context. A reader that was handed in stays open.
    """
    with ExitStack() as stack:
        if isinstance(readable, Path):
            readable = stack.enter_context(readable.open("rb"))
        container = Container(readable, limits)
        stack.callback(container.close)
        return FileVideo(container, limits, stack.pop_all())


class FileVideo:
    """An open video file. Its zero, by which everybody counts, is its first picture."""

    def __init__(self, container: Container, limits: MediaLimits, resources: ExitStack) -> None:
        self.container, self._limits, self._resources = container, limits, resources
        self._guessed_times = container.format in GUESSED_TIMES
        self._frames = self._pixels = 0
        self._remaining = self._decoded()
        try:
            first = next(self._remaining)
        except StopIteration:
            resources.close()
            raise BadVideo("No frame of the video can be decoded.") from None
        except BaseException:
            resources.close()
            raise
        self.first = self._frame(first)
        self.unturned = shown_size(first.width, first.height, container.video.sample_aspect_ratio)
        """The size with square pixels, before turning."""
        self.rotation = first.rotation
        """Degrees counterclockwise that make the picture stand upright."""
        self.colorspace = int(first.colorspace)
        """The matrix of its colours, as ITU-T H.273 numbers them."""
        self.info = self._info()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._resources.close()

    @property
    def turns(self) -> int:
        """Quarter turns, counterclockwise, that make the picture stand upright."""
        return quarter_turns(self.rotation)

    @property
    def step_s(self) -> float:
        """How long a frame without a time of its own stays on screen."""
        return 1 / self.info.frame_rate if self.info.frame_rate else DEFAULT_STEP_S

    def frames(self) -> Iterator[Frame[av.VideoFrame]]:
        """All frames once, as they come out of the decoder: full size, not turned."""
        for picture in chain([self.first.picture], self._remaining):
            yield self._frame(picture)

    def seek(self, at_s: float) -> Iterator[Frame[av.VideoFrame]]:
        """Frames from a key frame on, that lies by the file's own times at or before `at_s` if
        the container leads there. Raises av.FFmpegError where it cannot be sought.
        """
        stream = self.container.video
        assert stream.time_base is not None
        self.container.input.seek(round(at_s / stream.time_base), stream=stream, backward=True)
        stream.codec_context.flush_buffers()
        self._frames = self._pixels = 0
        return map(self._frame, self._decoded())

    def _decoded(self) -> Iterator[av.VideoFrame]:
        """Everything that can be decoded, damaged packets left out."""
        stream = self.container.video
        for packet in self.container.packets(stream):
            try:
                pictures = stream.decode(packet)
            except av.FFmpegError:
                continue
            for picture in pictures:
                self._frames += 1
                self._pixels += picture.width * picture.height
                self._limits.check_size(picture.width, picture.height)
                self._limits.check_work(self._frames, self._pixels)
                yield picture

    def _frame(self, picture: av.VideoFrame) -> Frame[av.VideoFrame]:
        at_s = _seconds(picture.dts if self._guessed_times else picture.pts, picture)
        duration_s = _seconds(picture.duration, picture)
        return Frame(picture, at_s, duration_s if duration_s and duration_s > 0 else None)

    def _info(self) -> VideoInfo:
        stream = self.container.video
        shown: Size = self.unturned.turned if self.turns % 2 else self.unturned
        rate = stream.average_rate or stream.guessed_rate
        return VideoInfo(
            width=shown.width,
            height=shown.height,
            codec=stream.codec_context.name,
            frame_rate=float(rate) if rate and 0.001 <= rate <= 1000 else None,
            duration_s=stated_duration(stream),
        )


def _seconds(ticks: int | None, picture: av.VideoFrame) -> float | None:
    if ticks is None or picture.time_base is None:
        return None
    return float(ticks * picture.time_base)
