"""Opening a file as a container with one video stream: which formats, which stream, which packets.

Everything in Nightclerk that opens a video goes through here (ADR 0014).
"""

from collections.abc import Iterator
from typing import BinaryIO

import av
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from services.chassis.media.bounded import BoundedReader
from services.chassis.media.kinds import JPEG_START, is_motion_jpeg
from services.chassis.media.limits import BadVideo, MediaLimits

READ_BYTES = 256 * 1024
HEAD_BYTES = 1024 * 1024

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

PROBE_FACTOR = 4
"""A picture past the limit is looked at all the same up to here, so that it can be named."""

STILLS = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
"""Streams that are no footage: covers, chapter pictures."""


class Container:
    """An open file and its one stream of footage. Close it; the reader stays the caller's."""

    def __init__(self, readable: BinaryIO, limits: MediaLimits) -> None:
        """Raises BadVideo for what cannot be used; the reader's errors go through."""
        self.reader = BoundedReader(readable, limits.max_silent_bytes)
        self.input = _open(readable, self.reader, limits)
        self.reader.heard()
        try:
            self.video = _footage(self.input, limits)
        except BaseException:
            self.input.close()
            raise

    def close(self) -> None:
        self.input.close()

    @property
    def format(self) -> str:
        return self.input.format.name

    def packets(self, *streams: Stream) -> Iterator["av.Packet[Stream]"]:
        """Those of the streams, all others left out, up to the end or to where the file breaks
        off; flushing ones at the end.
        """
        for other in self.input.streams:
            if other not in streams:
                other.discard = av.stream.Discard.all
        remaining = self.input.demux(streams)
        while True:
            try:
                packet = next(remaining, None)
            except (
                av.FFmpegError,
                IndexError,
            ):  # PyAV trips over late streams
                yield from (_flush(stream) for stream in streams)
                return
            if packet is None:
                return
            self.reader.heard()
            yield packet


def _open(readable: BinaryIO, reader: BoundedReader, limits: MediaLimits) -> InputContainer:
    readable.seek(0)
    head = readable.read(HEAD_BYTES)
    readable.seek(0)
    try:
        return av.open(
            reader,
            "r",
            format=_format(head),
            options={"max_pixels": str(PROBE_FACTOR * limits.max_pixels)},
            container_options={"format_whitelist": FORMATS, "protocol_whitelist": "none"},
            metadata_errors="replace",
            buffer_size=READ_BYTES,
        )
    except (av.FFmpegError, ValueError) as error:
        raise BadVideo("The file is not a video that can be read.") from error


def _format(head: bytes) -> str | None:
    """What FFmpeg would not find by itself: it takes a row of JPEG pictures for a single one."""
    if not head:
        raise BadVideo("The file is empty.")
    if not head.startswith(JPEG_START):
        return None
    if not is_motion_jpeg(head):
        raise BadVideo("The file is a JPEG picture, not a video.")
    return "mjpeg"


def _footage(container: InputContainer, limits: MediaLimits) -> VideoStream:
    """The best stream of moving pictures, ready to decode. Raises BadVideo where there is none."""
    moving = [one for one in container.streams.video if not one.disposition & STILLS]
    if not moving:
        raise BadVideo("The file has no video stream.")
    decodable = [one for one in moving if one.codec_context is not None]
    if not decodable:
        raise BadVideo("The video is in a codec that is not supported.")
    best = container.streams.best("video")
    stream = best if best in decodable else max(decodable, key=_pixels)
    assert isinstance(stream, VideoStream)
    limits.check_size(stream.codec_context.width, stream.codec_context.height)
    stream.codec_context.thread_type = "AUTO"
    stream.codec_context.thread_count = limits.decode_threads
    stream.codec_context.options = {"max_pixels": str(limits.max_pixels)}
    return stream


def _pixels(stream: VideoStream) -> int:
    return stream.codec_context.width * stream.codec_context.height


def _flush(stream: Stream) -> "av.Packet[Stream]":
    """An empty packet makes the decoder give out the frames that it still holds."""
    packet: av.Packet[Stream] = av.Packet()
    packet.stream = stream
    if stream.time_base:
        packet.time_base = stream.time_base
    return packet


def stated_duration(stream: VideoStream) -> float | None:
    """What the file says, for showing progress; some say nothing, some say wrong."""
    if stream.duration and stream.time_base:
        return max(0.0, float(stream.duration * stream.time_base)) or None
    container = stream.container
    if isinstance(container, InputContainer) and container.duration:
        return max(0.0, container.duration / av.time_base) or None
    return None
