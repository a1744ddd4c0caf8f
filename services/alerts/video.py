"""Parts of a video, read with PyAV (FFmpeg) by seeking: one frame, or a cut as H.264 MP4.

Media time zero is the first frame, as everywhere in Nightclerk. Memory is bounded by a handful of
frames whatever the length of the video; time by a deadline.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from services.alerts.core.spans import Span

READ_BYTES = 256 * 1024
FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,live_flv,asf,ogg,mxf,"
    "gxf,nut,dv,ivf,h264,hevc,av1,obu,vc1,m4v,mjpeg,gif,apng,wtv,rm,nsv,swf,dhav,yuv4mpegpipe"
)
"""Containers that hold their own data; playlists, which name other addresses, are not here."""
LONGEST_SIDE = 1920
TICKS = 90_000
MAX_PIXELS = 8192 * 8192
SEEK_BACK_S = 1.0

Picture = NDArray[np.uint8]


class VideoUnreadable(Exception):
    """No evidence can be made of it. The text says why in a few words."""


class Clip:
    """An open video; `frames_from` may be called again and again. Close it."""

    def __init__(self, reopen: Callable[[], InputContainer], deadline_s: float) -> None:
        self._reopen = reopen
        self._deadline = time.monotonic() + deadline_s
        self._container = reopen()
        self._stream = _video_stream(self._container)
        self._searchable = True
        first = next(self._decode(), None)
        if first is None:
            raise VideoUnreadable("no frame can be decoded")
        self._zero_s = first.time or 0.0
        self._first = first

    def close(self) -> None:
        self._container.close()

    def at(self, seconds: float) -> Picture:
        """RGB, upright, shape (height, width, 3): the frame on screen then, else the last one."""
        shown = self._first
        for frame, start_s in self.frames_from(seconds):
            if start_s > seconds:
                break
            shown = frame
        return upright(shown, self.aspect)

    def frames_from(self, seconds: float) -> Iterator[tuple[av.VideoFrame, float]]:
        """Frames with their media times, from one at or before `seconds` on, if there is any.

        Bare streams have no times: they are gone through from the start, and counted.
        """
        for number, frame in enumerate(self._sought(seconds)):
            at_s = number / self.rate if frame.time is None else frame.time - self._zero_s
            yield frame, at_s

    def _sought(self, seconds: float) -> Iterator[av.VideoFrame]:
        """Step back further when the container's index leads behind the moment."""
        for back_s in (SEEK_BACK_S, 15.0):
            frames = self._seek(max(0.0, seconds - back_s))
            first = next(frames, None)
            if first is not None and (first.time or 0.0) - self._zero_s <= seconds:
                return chain([first], frames)
        return self._seek(0.0)

    def _seek(self, seconds: float) -> Iterator[av.VideoFrame]:
        base = self._stream.time_base or Fraction(1, TICKS)
        target = int(max(self._zero_s + seconds, 0) / base) if seconds > 0 else self._start_ticks
        try:
            if self._searchable:
                self._container.seek(target, stream=self._stream, backward=True)
                self._stream.codec_context.flush_buffers()
                return self._decode()
        except av.FFmpegError:
            self._searchable = False
        return self._from_the_start()

    def _from_the_start(self) -> Iterator[av.VideoFrame]:
        self._container.close()
        self._container = self._reopen()
        self._stream = _video_stream(self._container)
        return self._decode()

    @property
    def _start_ticks(self) -> int:
        return min(0, self._stream.start_time or 0)

    def _decode(self) -> Iterator[av.VideoFrame]:
        """Everything that can be decoded from here on; damaged packets are left out."""
        for packet in _packets(self._container, self._stream):
            if time.monotonic() > self._deadline:
                raise VideoUnreadable("reading it takes too long")
            try:
                yield from packet.decode()
            except av.FFmpegError:
                continue

    @property
    def aspect(self) -> Fraction:
        """Width of a pixel by its height. Past 4 : 1 it is damage, not intent."""
        aspect = self._stream.sample_aspect_ratio or Fraction(1)
        return aspect if Fraction(1, 4) <= aspect <= 4 else Fraction(1)

    @property
    def rate(self) -> int:
        guess = self._stream.average_rate or self._stream.guessed_rate
        return min(60, max(1, round(guess))) if guess else 25


@contextmanager
def open_clip(readable: BinaryIO, deadline_s: float = 30.0) -> Iterator[Clip]:
    """Raises VideoUnreadable; errors of the reader itself go through."""
    with closing(Clip(lambda: _container(readable), deadline_s)) as clip:
        yield clip


def _container(readable: BinaryIO) -> InputContainer:
    readable.seek(0)
    try:
        return av.open(
            readable,
            "r",
            container_options={"format_whitelist": FORMATS},
            metadata_errors="replace",
            buffer_size=READ_BYTES,
        )
    except (av.FFmpegError, ValueError) as error:
        raise VideoUnreadable("it is not a video that can be read") from error


def cut(clip: Clip, span: Span, path: Path) -> None:
    """Write the span as H.264 MP4 with the index in front, without sound, at most 1920 wide.

    Frame times are kept. Raises VideoUnreadable when the video has no frame in the span.
    """
    options = {"movflags": "+faststart"}
    with av.open(str(path), "w", format="mp4", options=options) as output:
        writer = _Writer(output, clip.rate, clip.aspect)
        held: tuple[av.VideoFrame, float] | None = None
        for frame, at_s in clip.frames_from(span.start_s):
            if at_s >= span.end_s:
                break
            if at_s < span.start_s:
                held = frame, at_s
                continue
            if held:
                writer.write(held[0], 0.0)
                held = None
            writer.write(frame, at_s - span.start_s)
        if held:
            writer.write(held[0], 0.0)
        writer.finish()


class _Writer:
    """One H.264 stream; the size is the first frame's."""

    def __init__(self, output: Any, rate: int, aspect: Fraction) -> None:
        self._output, self._rate, self._aspect = output, rate, aspect
        self._stream: Any = None
        self._last = -1

    def write(self, frame: av.VideoFrame, at_s: float) -> None:
        ticks = round(at_s * TICKS)
        if ticks - self._last < TICKS // 70 and self._last >= 0:
            return  # more than 60 frames a second show nothing more
        turned = _turns(frame) != 0
        picture = _straightened(frame, self._aspect) if turned else frame
        if self._stream is None:
            self._open(picture.width * (1 if turned else self._aspect), picture.height)
        picture = picture.reformat(self._stream.width, self._stream.height, "yuv420p")
        picture.pts, picture.time_base = ticks, Fraction(1, TICKS)
        picture.pict_type = av.video.frame.PictureType.NONE
        self._last = ticks
        self._output.mux(self._stream.encode(picture))

    def _open(self, width: Fraction | int, height: int) -> None:
        scale = min(1.0, LONGEST_SIDE / max(width, height))
        stream = self._output.add_stream("libx264", rate=self._rate)
        stream.width, stream.height = _even(width * scale), _even(height * scale)
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, TICKS)
        stream.codec_context.thread_count = 2
        stream.options = {"preset": "veryfast", "crf": "21"}
        self._stream = stream

    def finish(self) -> None:
        if self._stream is None:
            raise VideoUnreadable("it has no frame at that time")
        self._output.mux(self._stream.encode(None))


def upright(frame: av.VideoFrame, aspect: Fraction) -> Picture:
    """RGB as a person would see it: rotated as the file says, pixels square."""
    width = max(1, round(frame.width * aspect))
    rgb = frame.reformat(width, frame.height, "rgb24").to_ndarray()
    return np.ascontiguousarray(np.rot90(rgb, _turns(frame)))


def _turns(frame: av.VideoFrame) -> int:
    """Quarter turns, counterclockwise."""
    return round(frame.rotation / 90) % 4


def _straightened(frame: av.VideoFrame, aspect: Fraction) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(upright(frame, aspect), format="rgb24")


def _even(length: Fraction | float) -> int:
    return max(2, int(length) // 2 * 2)


def _video_stream(container: InputContainer) -> VideoStream:
    stream = container.streams.best("video")
    if not isinstance(stream, VideoStream) or stream.codec_context is None:
        raise VideoUnreadable("it has no video that can be decoded")
    context = stream.codec_context
    if context.width * context.height > MAX_PIXELS:
        raise VideoUnreadable("its picture is too large")
    for other in container.streams:
        if other is not stream:
            other.discard = av.stream.Discard.all
    context.thread_type, context.thread_count = "AUTO", 2
    return stream


def _packets(container: InputContainer, stream: VideoStream) -> Iterator["av.Packet[VideoStream]"]:
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except av.FFmpegError:
            return
        if packet is None:
            return
        yield packet
