"""Opening a file as a container of a video stream, within limits, from an untrusted sender."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import av
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from services.chassis.errors import InvalidMessage

READ_BYTES = 256 * 1024

FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,live_flv,asf,ogg,mxf,"
    "gxf,nut,dv,ivf,h264,hevc,av1,obu,vc1,m4v,mjpeg,gif,apng,wtv,rm,nsv,swf,dhav,yuv4mpegpipe,"
    "mp3,wav,flac,aac,amr,caf,aiff,ac3,eac3"
)
"""What may be opened: containers that hold their own data. Playlists, which name other files and
addresses, are not among them. Sound formats are, to be told apart from files that are no media."""

GUESSED_TIMES = frozenset({"avi"})
"""Containers without times of presentation. FFmpeg's guesses are wrong as soon as there are
B-frames; the decoding times, which go up by one a frame as they come out, are right."""


class BadVideo(InvalidMessage):
    """The file cannot be analysed. The text is one sentence for its owner."""


@dataclass(frozen=True)
class FileLimits:
    """What a file may ask for, and with how many threads it is decoded."""

    max_duration_s: float = 12 * 3600.0
    max_pixels: int = 8192 * 8192
    decode_threads: int = 2

    def check_size(self, width: int, height: int) -> None:
        """Raises BadVideo for a picture with more pixels than the limit."""
        if width * height > self.max_pixels:
            raise BadVideo(f"The picture is too large: {width}x{height} pixels.")

    def check_duration(self, duration_s: float) -> None:
        """Raises BadVideo for a video longer than the limit."""
        if duration_s > self.max_duration_s:
            hours, most = duration_s / 3600, self.max_duration_s / 3600
            raise BadVideo(f"The video is {hours:.1f} hours long; at most {most:.1f} are analysed.")


def open_container(readable: BinaryIO, limits: FileLimits) -> InputContainer:
    """Raises BadVideo for an empty file and for what is no media. The reader's errors go through.

    The reader stays the caller's: closing the container leaves it open.
    """
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


def video_stream(container: InputContainer, limits: FileLimits) -> VideoStream:
    """The best video stream, ready to decode. Raises BadVideo where there is none within limits."""
    stream = container.streams.best("video")
    if not isinstance(stream, VideoStream) or stream.disposition & Disposition.attached_pic:
        raise BadVideo("The file has no video stream.")
    if stream.codec_context is None:
        raise BadVideo("The video is in a codec that is not supported.")
    limits.check_size(stream.codec_context.width, stream.codec_context.height)
    stream.codec_context.thread_type = "AUTO"
    stream.codec_context.thread_count = limits.decode_threads
    stream.codec_context.options = {"max_pixels": str(limits.max_pixels)}
    return stream


def packets(container: InputContainer, *streams: Stream) -> Iterator["av.Packet[Stream]"]:
    """All packets up to the end, or up to where the file breaks off; flushing ones at the end."""
    remaining = container.demux(streams)
    while True:
        try:
            packet = next(remaining, None)
        except (av.FFmpegError, IndexError):  # PyAV trips over streams that appear in the middle
            yield from (_flush(stream) for stream in streams)
            return
        if packet is None:
            return
        yield packet


def _flush(stream: Stream) -> "av.Packet[Stream]":
    """An empty packet makes the decoder give out the frames that it still holds."""
    packet: av.Packet[Stream] = av.Packet()
    packet.stream = stream
    if stream.time_base:
        packet.time_base = stream.time_base
    return packet


def stated_duration(stream: VideoStream) -> float | None:
    """What the file says; some say nothing."""
    if stream.duration and stream.time_base:
        return max(0.0, float(stream.duration * stream.time_base)) or None
    container = stream.container
    if isinstance(container, InputContainer) and container.duration:
        return max(0.0, container.duration / av.time_base) or None
    return None
