"""A video file, or any seekable reader of one, decoded with PyAV (FFmpeg).

Frames come in the order of presentation. Damage inside is skipped, a truncated file ends where it
ends; a file without a single readable frame is a BadVideo, said in one sentence to its owner.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Self

import av
from av.container import InputContainer
from av.stream import Discard
from av.video.stream import VideoStream

from services.chassis.media.timeline import Frame
from services.ingest.sources import Draw, VideoInfo
from services.ingest.sources.container import (
    GUESSED_TIMES,
    BadVideo,
    FileLimits,
    open_container,
    packets,
    stated_duration,
    video_stream,
)
from services.ingest.sources.scale import Scaler, Size, shown_size

DEFAULT_STEP_S = 1 / 25


def open_video(readable: Path | BinaryIO, limits: FileLimits = FileLimits()) -> "FileVideo":
    """Open it and decode the first frame. Raises BadVideo; errors of the reader go through.

    Close it, or use it as a context. A reader that was handed in stays open.
    """
    with ExitStack() as stack:
        if isinstance(readable, Path):
            readable = stack.enter_context(readable.open("rb"))
        container = stack.enter_context(open_container(readable, limits))
        stream = video_stream(container, limits)
        frames = _decoded(container, stream, limits)
        first = next(frames, None)
        if first is None:
            raise BadVideo("No frame of the video can be decoded.")
        return FileVideo(stream, chain([first], frames), first, limits, stack.pop_all())


class FileVideo:
    """An open video file; its frames can be gone through once."""

    def __init__(
        self,
        stream: VideoStream,
        decoded: Iterable[av.VideoFrame],
        first: av.VideoFrame,
        limits: FileLimits,
        resources: ExitStack,
    ) -> None:
        self._decoded, self._limits, self._resources = decoded, limits, resources
        self._guessed_times = stream.container.format.name in GUESSED_TIMES
        self.unturned = shown_size(first.width, first.height, stream.sample_aspect_ratio)
        """The size with square pixels, before turning."""
        self.rotation = first.rotation
        """Degrees counterclockwise that make the picture stand upright."""
        self.colorspace = int(first.colorspace)
        """The matrix of its colours, as ITU-T H.273 numbers them."""
        turns = round(self.rotation / 90) % 4
        self._scaler = Scaler(self.unturned, turns)
        self.info = _info(stream, self.unturned.turned if turns % 2 else self.unturned)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._resources.close()

    @property
    def step_s(self) -> float:
        return 1 / self.info.frame_rate if self.info.frame_rate else DEFAULT_STEP_S

    def frames(self) -> Iterator[Frame[Draw]]:
        """Each draws itself small and upright."""
        for frame in self.pictures():
            yield Frame(self._draw(frame.picture), frame.at_s, frame.duration_s)

    def pictures(self) -> Iterator[Frame[av.VideoFrame]]:
        """The same as they come out of the decoder: full size, not turned."""
        for picture in self._decoded:
            at_s = _seconds(picture.dts if self._guessed_times else picture.pts, picture)
            yield Frame(picture, at_s, self._shown_for(picture))

    def _draw(self, picture: av.VideoFrame) -> Draw:
        return lambda: self._scaler.draw(picture)

    def _shown_for(self, picture: av.VideoFrame) -> float | None:
        duration_s = _seconds(picture.duration, picture)
        if duration_s is None or duration_s <= 0:
            return None
        return min(duration_s, self._limits.max_duration_s)


def _decoded(
    container: InputContainer, stream: VideoStream, limits: FileLimits
) -> Iterator[av.VideoFrame]:
    """Everything that can be decoded, damaged packets left out."""
    for other in container.streams:
        if other is not stream:
            other.discard = Discard.all
    for packet in packets(container, stream):
        try:
            pictures = stream.decode(packet)
        except av.FFmpegError:
            continue
        for picture in pictures:
            limits.check_size(picture.width, picture.height)
            yield picture


def _info(stream: VideoStream, shown: Size) -> VideoInfo:
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
