"""Pictures of one clip <-> one self-contained H.264 blob: a fifth of the bytes of as many JPEGs.

Full-range BT.601 in 4:2:0, as JPEG has it, so that both encodings of a clip show the same colours.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.video.reformatter import ColorRange

from services.chassis.errors import InvalidMessage
from services.chassis.media.jpeg import Jpeg, Plane, of_planes
from services.chassis.media.shape import Picture

ENCODER = {"preset": "veryfast", "crf": "21", "bf": "0", "x264-params": "threads=1:scenecut=0"}
MOST_PIXELS = 4096 * 1024
"""Clips are made with a short side of 256."""
SMPTE170M = 6
"""BT.601, by its number in the standard."""
BROKEN = "A clip's H.264 cannot be decoded."


def packed(jpegs: Sequence[bytes]) -> bytes:
    """Of 4:2:0 JPEGs of one size, in order. The first is a key frame, and no other. Raises
    InvalidMessage for what is no JPEG.
    """
    encoder: Any = None
    content = bytearray()
    for number, frame in enumerate(_decoded(jpegs)):
        encoder = encoder or _encoder(frame, len(jpegs))
        frame.pts, frame.pict_type = number, 0
        content += b"".join(map(bytes, encoder.encode(frame)))
    return bytes(content + b"".join(map(bytes, encoder.encode(None))))


def unpacked(blob: bytes, most: int) -> list[Jpeg]:
    """Its first pictures, at most so many; what follows them is not decoded. Raises InvalidMessage
    for what is broken or too large.
    """
    return [of_planes(_planes(frame)) for frame in _frames(blob, most)]


def rgb_pictures(blob: bytes, most: int) -> list[Picture]:
    """The same as RGB. Raises InvalidMessage."""
    frames = _frames(blob, most)
    return [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in frames]


def _frames(blob: bytes, most: int) -> list[av.VideoFrame]:
    decoder = _decoder("h264")
    frames: list[av.VideoFrame] = []
    try:
        for packet in (*decoder.parse(blob), *decoder.parse(), None):
            frames += decoder.decode(packet)
            if len(frames) >= most:
                break
    except (av.FFmpegError, ValueError) as error:
        raise InvalidMessage(BROKEN) from error
    if not frames or any(frame.is_corrupt for frame in frames):
        raise InvalidMessage(BROKEN)
    return frames[:most]


def _decoded(jpegs: Sequence[bytes]) -> Iterator[av.VideoFrame]:
    """What was held over several samples is the same object, and is decoded once."""
    decoder, latest = _decoder("mjpeg"), b""
    frames: list[av.VideoFrame] = []
    for jpeg in jpegs:
        if jpeg is not latest:
            latest, frames = jpeg, _picture(decoder, jpeg)
        yield from frames


def _picture(decoder: Any, jpeg: bytes) -> list[av.VideoFrame]:
    """One frame."""
    try:
        (frame,) = decoder.decode(av.Packet(jpeg))
    except (av.FFmpegError, ValueError) as error:
        raise InvalidMessage("A clip's picture is no JPEG.") from error
    return [frame]


def _decoder(codec: str) -> Any:
    decoder: Any = av.CodecContext.create(codec, "r")
    decoder.thread_count = 1
    decoder.options = {"err_detect": "explode", "max_pixels": str(MOST_PIXELS)}
    return decoder


def _encoder(first: av.VideoFrame, count: int) -> Any:
    encoder: Any = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = first.width, first.height, "yuvj420p"
    encoder.options = ENCODER | {"g": str(count)}
    encoder.time_base, encoder.framerate = Fraction(1, 25), Fraction(25)
    encoder.colorspace, encoder.color_range = SMPTE170M, ColorRange.JPEG
    return encoder


def _planes(frame: av.VideoFrame) -> list[Plane]:
    return [_plane(plane) for plane in frame.planes]


def _plane(plane: Any) -> Plane:
    rows = np.frombuffer(memoryview(plane), np.uint8)[: plane.line_size * plane.height]
    return rows.reshape(plane.height, plane.line_size)[:, : plane.width]
