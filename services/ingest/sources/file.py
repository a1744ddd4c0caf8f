"""A video file, or any seekable reader of one, decoded with PyAV (FFmpeg).

Frames come in the order of presentation. Damage inside is skipped, a truncated file ends where it
ends; a file without a single readable frame is a BadVideo, said in one sentence to its owner.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Self

import av
from av.stream import Discard, Disposition
from av.video.stream import VideoStream

from services.chassis.errors import InvalidMessage
from services.ingest.core import Frame
from services.ingest.sources import Draw, VideoInfo
from services.ingest.sources.scale import Scaler, Size, shown_size

READ_BYTES = 256 * 1024
DEFAULT_STEP_S = 1 / 25

FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,live_flv,asf,ogg,mxf,"
    "gxf,nut,dv,ivf,h264,hevc,av1,obu,vc1,m4v,mjpeg,gif,apng,wtv,rm,nsv,swf,dhav,yuv4mpegpipe,"
    "mp3,wav,flac,aac,amr,caf,aiff,ac3,eac3"
)
"""What may be opened: containers that hold their own data. Playlists, which name other files and
addresses, are not among them. Sound formats are, to be told apart from files that are no media."""


class BadVideo(InvalidMessage):
    """The file cannot be analysed. The text is one sentence for its owner."""


@dataclass(frozen=True)
class FileLimits:
    """What a file may ask for, and with how many threads it is decoded."""

    max_duration_s: float = 12 * 3600.0
    max_pixels: int = 8192 * 8192
    decode_threads: int = 2


def open_video(readable: Path | BinaryIO, limits: FileLimits = FileLimits()) -> "FileVideo":
    """Open it and decode the first frame. Raises BadVideo; errors of the reader go through.

    Close it, or use it as a context. A reader that was handed in stays open.
    """
    with ExitStack() as stack:
        if isinstance(readable, Path):
            readable = stack.enter_context(readable.open("rb"))
        container = stack.enter_context(_open_container(readable, limits))
        stream = _best_stream(container, limits)
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
        self._stream, self._decoded, self._resources = stream, decoded, resources
        self._max_duration_s = limits.max_duration_s
        shown = shown_size(first.width, first.height, stream.sample_aspect_ratio)
        turns = round(first.rotation / 90) % 4
        self._scaler = Scaler(shown, turns)
        self.info = _info(stream, shown.turned if turns % 2 else shown)

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
        """Raises BadVideo once the video turns out to be longer than the limit."""
        first_s: float | None = None
        for frame in self._decoded:
            at_s = _seconds(frame.pts, frame)
            first_s = at_s if first_s is None else first_s
            if at_s is not None and first_s is not None:
                _check_duration(at_s - first_s, self._max_duration_s)
            yield Frame(self._draw(frame), at_s, self._shown_for(frame))

    def _draw(self, frame: av.VideoFrame) -> Draw:
        return lambda: self._scaler.draw(frame)

    def _shown_for(self, frame: av.VideoFrame) -> float | None:
        duration_s = _seconds(frame.duration, frame)
        return min(duration_s, self._max_duration_s) if duration_s and duration_s > 0 else None


def _open_container(readable: BinaryIO, limits: FileLimits) -> av.container.InputContainer:
    readable.seek(0)
    if not readable.read(1):
        raise BadVideo("The file is empty.")
    readable.seek(0)
    try:
        return av.open(
            readable,
            "r",
            options={"max_pixels": str(limits.max_pixels)},
            container_options={"format_whitelist": FORMATS},
            metadata_errors="replace",
            buffer_size=READ_BYTES,
        )
    except (av.FFmpegError, ValueError) as error:
        raise BadVideo("The file is not a video that can be read.") from error


def _best_stream(container: av.container.InputContainer, limits: FileLimits) -> VideoStream:
    stream = container.streams.best("video")
    if not isinstance(stream, VideoStream) or stream.disposition & Disposition.attached_pic:
        raise BadVideo("The file has no video stream.")
    if stream.codec_context is None:
        raise BadVideo("The video is in a codec that is not supported.")
    _check_size(Size(stream.codec_context.width, stream.codec_context.height), limits)
    _check_duration(_stated_duration(stream) or 0, limits.max_duration_s)
    for other in container.streams:
        if other is not stream:
            other.discard = Discard.all
    stream.codec_context.thread_type = "AUTO"
    stream.codec_context.thread_count = limits.decode_threads
    stream.codec_context.options = {"max_pixels": str(limits.max_pixels)}
    return stream


def _decoded(
    container: av.container.InputContainer, stream: VideoStream, limits: FileLimits
) -> Iterator[av.VideoFrame]:
    """Everything that can be decoded, damaged packets left out."""
    for packet in _packets(container, stream):
        try:
            frames = packet.decode()
        except av.FFmpegError:
            continue
        for frame in frames:
            _check_size(Size(frame.width, frame.height), limits)
            yield frame


def _packets(
    container: av.container.InputContainer, stream: VideoStream
) -> Iterator["av.Packet[VideoStream]"]:
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except av.FFmpegError:
            return
        if packet is None:
            return
        yield packet


def _info(stream: VideoStream, shown: Size) -> VideoInfo:
    rate = stream.average_rate or stream.guessed_rate
    return VideoInfo(
        width=shown.width,
        height=shown.height,
        codec=stream.codec_context.name,
        frame_rate=float(rate) if rate and 0.001 <= rate <= 1000 else None,
        duration_s=_stated_duration(stream),
    )


def _stated_duration(stream: VideoStream) -> float | None:
    """What the file says; some say nothing."""
    if stream.duration and stream.time_base:
        return max(0.0, float(stream.duration * stream.time_base)) or None
    container = stream.container
    if isinstance(container, av.container.InputContainer) and container.duration:
        return max(0.0, container.duration / av.time_base) or None
    return None


def _seconds(ticks: int | None, frame: av.VideoFrame) -> float | None:
    return None if ticks is None or frame.time_base is None else float(ticks * frame.time_base)


def _check_size(size: Size, limits: FileLimits) -> None:
    if size.width * size.height > limits.max_pixels:
        raise BadVideo(f"The picture is too large: {size.width}x{size.height} pixels.")


def _check_duration(duration_s: float, max_duration_s: float) -> None:
    if duration_s > max_duration_s:
        hours, most = duration_s / 3600, max_duration_s / 3600
        raise BadVideo(f"The video is {hours:.1f} hours long; at most {most:.1f} are analysed.")
