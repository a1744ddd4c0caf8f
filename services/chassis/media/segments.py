"""Recorded segments of a camera in the object store: which there are, their packets, their frames.

A segment begins with a key frame. Its key says when; whatever lies in it counts from then.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

import av

from schemas import ids
from services.chassis.media.container import Container
from services.chassis.media.limits import BadVideo, MediaLimits
from services.chassis.media.recording import VideoUnreadable
from services.chassis.media.shape import Picture, Size, upright
from services.chassis.storage.objects import ObjectMissing, ObjectStore, open_object

HOUR = timedelta(hours=1)
PLAIN_PICTURES = frozenset({"yuv420p", "yuvj420p"})
"""Eight bits, 4:2:0: what every player of H.264 plays."""


@dataclass(frozen=True)
class StoredSegment:
    """One object. Where it ends it says only when it is read."""

    key: str
    started_at: datetime
    size_bytes: int
    etag: str


@dataclass(frozen=True)
class Format:
    """What must not change within a file whose pictures are copied."""

    codec: str
    pixel_format: str
    size: Size
    head: bytes
    """Parameter sets, as the container states them."""

    @property
    def plays_everywhere(self) -> bool:
        return self.codec == "h264" and self.pixel_format in PLAIN_PICTURES


@dataclass(frozen=True)
class SegmentPacket:
    """A packet of a segment. `decoded_at` goes up; `shown_at` is never before it."""

    packet: "av.Packet[Any]"
    decoded_at: datetime
    shown_at: datetime
    duration_s: float


def segments_between(
    store: ObjectStore, source_id: UUID, since: datetime, until: datetime
) -> list[StoredSegment]:
    """Those that may hold something of the stretch, in order of time: the last that begins at or
    before `since`, and all that begin within. Raises TransientError.
    """
    hour = since.astimezone(UTC).replace(minute=0, second=0, microsecond=0) - HOUR
    found: list[StoredSegment] = []
    while hour < until:
        found += _of_hour(store, source_id, hour)
        hour += HOUR
    before = [segment for segment in found if segment.started_at <= since]
    within = [segment for segment in found if since < segment.started_at < until]
    return [*before[-1:], *within]


def _of_hour(store: ObjectStore, source_id: UUID, hour: datetime) -> Iterator[StoredSegment]:
    prefix = f"{ids.segment_prefix(source_id)}{hour:%Y%m%dT%H}"
    for info in sorted(store.list(prefix), key=lambda info: info.key):
        try:
            started_at = ids.segment_started_at(info.key)
        except ValueError:
            continue
        yield StoredSegment(info.key, started_at, info.size_bytes, info.etag)


class OpenSegment:
    """A segment that is open for reading. Close it."""

    def __init__(
        self, store: ObjectStore, segment: StoredSegment, limits: MediaLimits = MediaLimits()
    ) -> None:
        """Raises VideoUnreadable, ObjectMissing, TransientError."""
        self.started_at = segment.started_at
        self._readable = open_object(store, segment.key)
        try:
            self._container = Container(self._readable, limits)
        except BadVideo as error:
            self._readable.close()
            raise VideoUnreadable(str(error)) from error
        self.stream = self._container.video
        context = self.stream.codec_context
        self.format = Format(
            context.name,
            context.pix_fmt or "",
            Size(context.width, context.height),
            bytes(context.extradata or b""),
        )

    def close(self) -> None:
        self._container.close()
        self._readable.close()

    def packets(self) -> Iterator[SegmentPacket]:
        """As far as they are whole."""
        for packet in self._container.packets(self.stream):
            if not packet.size or packet.dts is None or packet.pts is None:
                continue
            base = packet.time_base or Fraction(1)
            yield SegmentPacket(
                packet,
                self._moment(packet.dts * base),
                self._moment(packet.pts * base),
                float((packet.duration or 0) * base),
            )

    def frames(self) -> Iterator[tuple[datetime, av.VideoFrame]]:
        """Decoded, in the order of presentation; damaged packets are left out."""
        for packet in self._container.packets(self.stream):
            try:
                pictures = self.stream.decode(packet)
            except av.FFmpegError:
                continue
            for picture in pictures:
                if picture.pts is not None and picture.time_base is not None:
                    yield self._moment(picture.pts * picture.time_base), picture

    def _moment(self, seconds: Fraction) -> datetime:
        return self.started_at + timedelta(microseconds=round(seconds * 1_000_000))


def opened(
    store: ObjectStore, segments: Sequence[StoredSegment], limits: MediaLimits = MediaLimits()
) -> Iterator[OpenSegment]:
    """One after the other, each closed when the next is asked for. What cannot be read, or is gone
    by now, is a gap. Raises TransientError.
    """
    for segment in segments:
        try:
            readable = OpenSegment(store, segment, limits)
        except (VideoUnreadable, ObjectMissing):
            continue
        with closing(readable):
            yield readable


def picture_at(
    store: ObjectStore, segments: Sequence[StoredSegment], moment: datetime
) -> Picture | None:
    """The picture that was on screen then, else the nearest after it, in original size. None
    where there is none at all.
    """
    before = [segment for segment in segments if segment.started_at <= moment]
    after = [segment for segment in segments if segment.started_at > moment]
    for found in (before[-1:], after[:1]):
        for segment in opened(store, found):
            latest: av.VideoFrame | None = None
            for shown_at, frame in segment.frames():
                if latest is not None and shown_at > moment:
                    break
                latest = frame
            if latest is not None:
                return upright(latest, 0, segment.format.size)
    return None


def covered_until(store: ObjectStore, segment: StoredSegment) -> datetime:
    """Where its last whole packet ends."""
    end = segment.started_at
    for readable in opened(store, [segment]):
        for packet in readable.packets():
            end = max(end, packet.shown_at + timedelta(seconds=packet.duration_s))
    return end
