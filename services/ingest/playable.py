"""Can a browser play the original as it is? If not, what is the least that makes it so.

A copy's second 0 is the first picture, as everywhere in Nightclerk.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Literal

from av.audio.stream import AudioStream

from services.chassis.media.container import GUESSED_TIMES
from services.chassis.media.limits import MediaLimits
from services.chassis.media.video import open_video

Remedy = Literal["none", "remux", "transcode"]

PLAIN_PICTURES = frozenset({"yuv420p", "yuvj420p"})
PLAIN_SOUND = frozenset({"aac", "mp3"})
MOST_BOXES = 10_000
AT_ZERO_S = 0.01
"""A first picture so near to zero is there to a frame."""


@dataclass(frozen=True)
class Box:
    """A top-level box of an MP4 file (ISO/IEC 14496-12, 4.2). `brand` is that of `ftyp`."""

    kind: bytes
    end: int
    brand: bytes = b""


@dataclass(frozen=True)
class Facts:
    """What decides whether browsers play a file."""

    container: str
    codec: str
    pixel_format: str | None
    sound: frozenset[str]
    is_alone: bool
    """No other stream of pictures beside the footage; a browser might show that."""
    first_picture_s: float | None
    """By the file's own clock, whose zero is a player's."""
    boxes: tuple[Box, ...]
    size_bytes: int


def examine(readable: BinaryIO, limits: MediaLimits) -> Facts:
    """Raises BadVideo where there is nothing to play."""
    found = tuple(boxes(readable))
    size_bytes = readable.seek(0, 2)
    with open_video(readable, limits) as video:
        container = video.container
        context = container.video.codec_context
        return Facts(
            container=container.format,
            codec=context.name,
            pixel_format=context.pix_fmt,
            sound=frozenset(
                one.codec_context.name if one.codec_context else "unknown"
                for one in container.input.streams
                if isinstance(one, AudioStream)
            ),
            is_alone=len(container.input.streams.video) == 1,
            first_picture_s=video.first.at_s,
            boxes=found,
            size_bytes=size_bytes,
        )


def remedy(facts: Facts, splices: int = 0) -> Remedy:
    """Browsers play H.264 4:2:0 of 8 bits in an MP4 whose index comes first. They count from the
    file's own zero, so the first picture must be there, and no clock may begin anew.
    """
    plain = facts.codec == "h264" and facts.pixel_format in PLAIN_PICTURES
    if not plain or splices or facts.container in GUESSED_TIMES or facts.first_picture_s is None:
        return "transcode"
    if _is_playable(facts):
        return "none"
    return "remux"


def _is_playable(facts: Facts) -> bool:
    return (
        "mp4" in facts.container.split(",")
        and facts.sound <= PLAIN_SOUND
        and facts.is_alone
        and abs(facts.first_picture_s or 0.0) < AT_ZERO_S
        and _starts_fast(facts)
    )


def _starts_fast(facts: Facts) -> bool:
    kinds = [box.kind for box in facts.boxes]
    if not {b"ftyp", b"moov", b"mdat"} <= set(kinds) or b"moof" in kinds:
        return False
    quicktime = facts.boxes[kinds.index(b"ftyp")].brand == b"qt  "
    whole = facts.boxes[-1].end <= facts.size_bytes
    return whole and not quicktime and kinds.index(b"moov") < kinds.index(b"mdat")


def boxes(readable: BinaryIO) -> Iterator[Box]:
    """The top-level boxes, for as long as they make sense."""
    size_bytes, start = readable.seek(0, 2), 0
    for _ in range(MOST_BOXES):
        if start > size_bytes:
            return
        readable.seek(start)
        head = readable.read(16)
        length = _length(head, size_bytes - start)
        if len(head) < 8 or length < 8:
            return
        kind = head[4:8]
        yield Box(kind, start + length, head[8:12] if kind == b"ftyp" else b"")
        start += length


def _length(head: bytes, remaining: int) -> int:
    length = int.from_bytes(head[:4])
    if length == 1:
        return int.from_bytes(head[8:16])
    return length or remaining
