"""Segments -> one plain MP4, its index in front, without sound: for players that know nothing of
fragments, and browsers that seek.

Where every player plays the pictures they are copied, else encoded as H.264. In either case the
file's time is the camera's: what is missing in between is the last picture, held.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import zip_longest
from pathlib import Path
from typing import Any, Literal

import av
import numpy as np
from av.container import OutputContainer
from av.video.stream import VideoStream

from services.chassis.media.recording import VideoUnreadable
from services.chassis.media.segments import (
    Format,
    OpenSegment,
    SegmentPacket,
    StoredSegment,
    opened,
)
from services.chassis.media.shape import Size
from services.chassis.storage.objects import ObjectStore

TICKS = 90_000
LONGEST_SIDE = 1920
ENCODER = {"preset": "veryfast", "crf": "21", "g": "50"}
THREADS = 2
MOST_RATE = 60

Start = Literal["exact", "key_frame"]
"""A copy begins with a key frame. `exact`: the file's zero is the moment asked for, and players
pass over what lies before (an edit list); `key_frame`: the file begins there, a little earlier."""
HOLD = timedelta(seconds=10)
"""What was on screen longer ago than that is not shown as the beginning."""
JOINT = timedelta(seconds=0.5)
"""Segments that lie no further apart belong together."""


class MixedFormats(Exception):
    """The pictures change within the stretch, or not every player plays them: encode them."""


@dataclass(frozen=True)
class Spliced:
    """What was written. `started_at` is the moment that the file shows at its zero."""

    started_at: datetime
    ended_at: datetime
    is_copy: bool


@dataclass(frozen=True)
class Stretch:
    """What to write, and how often to ask whether to go on; `keep_going` raises to stop."""

    since: datetime
    until: datetime
    start: Start = "exact"
    keep_going: Callable[[], None] = lambda: None


def splice(
    store: ObjectStore, segments: Sequence[StoredSegment], stretch: Stretch, path: Path
) -> Spliced:
    """Copied if that will do, else encoded. Raises VideoUnreadable where there is no picture in the
    stretch, TransientError, and what `keep_going` raises.
    """
    try:
        return copy(store, segments, stretch, path)
    except MixedFormats:
        return encode(store, segments, stretch, path)


def copy(
    store: ObjectStore, segments: Sequence[StoredSegment], stretch: Stretch, path: Path
) -> Spliced:
    """Raises MixedFormats as well."""
    with _create(path) as output:
        writer = _Copy(output, stretch)
        for found, following in zip_longest(segments, segments[1:]):
            if not writer.is_doubled(found, following):
                for segment in opened(store, [found]):
                    writer.take(segment)
        return writer.finish()


class _Copy:
    """Packets of one format after another, from the last key frame before the stretch on."""

    def __init__(self, output: OutputContainer, stretch: Stretch) -> None:
        self._output, self._stretch = output, stretch
        self._format: Format | None = None
        self._stream: VideoStream | None = None
        self._zero: datetime | None = None
        self._last_at: datetime | None = None
        self._last = -(1 << 62)
        self._end: datetime | None = None

    def is_doubled(self, segment: StoredSegment, following: StoredSegment | None) -> bool:
        """Whether another recorder made it: it begins within what is written, where `following`
        goes on.
        """
        if self._end is None or following is None:
            return False
        return segment.started_at < self._end - JOINT and following.started_at < self._end + JOINT

    def take(self, segment: OpenSegment) -> None:
        for packet in self._wanted(segment):
            self._stretch.keep_going()
            self._write(segment, packet)

    def _wanted(self, segment: OpenSegment) -> Iterator[SegmentPacket]:
        """Those of the stretch, and what they refer to; what another segment gave is left out."""
        waiting: list[SegmentPacket] = []
        is_open = False
        for packet in segment.packets():
            if packet.decoded_at >= self._stretch.until:
                break
            if packet.packet.is_keyframe:
                waiting.clear()
                is_open = self._last_at is None or packet.decoded_at > self._last_at
            if not is_open:
                continue
            waiting.append(packet)
            if self._ends_after(packet, self._stretch.since):
                yield from waiting
                waiting.clear()

    def _ends_after(self, packet: SegmentPacket, moment: datetime) -> bool:
        return packet.shown_at + timedelta(seconds=packet.duration_s) > moment

    def _write(self, segment: OpenSegment, packet: SegmentPacket) -> None:
        if self._stream is None:
            self._begin(segment, packet)
        elif segment.format != self._format:
            raise MixedFormats
        assert self._zero is not None
        assert self._stream is not None
        decoded = max(_ticks(packet.decoded_at - self._zero), self._last + 1)
        later = _ticks(packet.shown_at - packet.decoded_at)
        raw = packet.packet
        raw.stream, raw.time_base = self._stream, Fraction(1, TICKS)
        raw.dts, raw.pts = decoded, decoded + later
        raw.duration = round(packet.duration_s * TICKS)
        self._last, self._last_at = decoded, packet.decoded_at
        self._end = packet.shown_at + timedelta(seconds=packet.duration_s)
        self._output.mux(raw)

    def _begin(self, segment: OpenSegment, first: SegmentPacket) -> None:
        if not segment.format.plays_everywhere:
            raise MixedFormats
        self._format = segment.format
        stream = self._output.add_stream_from_template(segment.stream, opaque=True)
        stream.time_base = Fraction(1, TICKS)
        self._stream = stream
        self._zero = first.shown_at
        if self._stretch.start == "exact":
            self._zero = max(first.shown_at, self._stretch.since)

    def finish(self) -> Spliced:
        if self._zero is None or self._end is None:
            raise VideoUnreadable("there is no picture of that time")
        return Spliced(self._zero, min(self._end, self._stretch.until), is_copy=True)


def encode(
    store: ObjectStore, segments: Sequence[StoredSegment], stretch: Stretch, path: Path
) -> Spliced:
    """As H.264 in one size: that of the first picture, at most 1920 wide or high."""
    with _create(path) as output:
        writer = _Encoding(output)
        held: av.VideoFrame | None = None
        for shown_at, frame in _frames(store, segments):
            stretch.keep_going()
            if shown_at >= stretch.until:
                break
            if shown_at < stretch.since:
                held = frame if stretch.since - shown_at < HOLD else None
                continue
            if held is not None and shown_at > stretch.since:
                writer.write(held, stretch.since)
            held = None
            writer.write(frame, shown_at)
        if held is not None:
            writer.write(held, stretch.since)
        return writer.finish(stretch.until)


def _frames(
    store: ObjectStore, segments: Sequence[StoredSegment]
) -> Iterator[tuple[datetime, av.VideoFrame]]:
    """Of all segments, each later than the one before."""
    latest: datetime | None = None
    for segment in opened(store, segments):
        for shown_at, frame in segment.frames():
            if latest is None or shown_at > latest:
                latest = shown_at
                yield shown_at, frame


class _Encoding:
    def __init__(self, output: OutputContainer) -> None:
        self._output = output
        self._stream: Any = None
        self._zero: datetime | None = None
        self._last = -TICKS
        self._latest: datetime | None = None

    def write(self, frame: av.VideoFrame, shown_at: datetime) -> None:
        if self._stream is None:
            self._zero = shown_at
            self._stream = _h264(self._output, Size(frame.width, frame.height))
        assert self._zero is not None
        at = _ticks(shown_at - self._zero)
        if at - self._last < TICKS // (MOST_RATE + 10):
            return
        picture = fitted(frame, Size(self._stream.width, self._stream.height))
        picture.pts, picture.time_base = at, Fraction(1, TICKS)
        picture.pict_type = av.video.frame.PictureType.NONE
        self._last, self._latest = at, shown_at
        self._output.mux(self._stream.encode(picture))

    def finish(self, until: datetime) -> Spliced:
        if self._zero is None or self._latest is None:
            raise VideoUnreadable("there is no picture of that time")
        self._output.mux(self._stream.encode(None))
        end = min(self._latest + timedelta(seconds=1 / 25), until)
        return Spliced(self._zero, end, is_copy=False)


def _create(path: Path) -> OutputContainer:
    """Times before zero stay: the muxer puts them behind an edit list."""
    options = {"movflags": "+faststart", "avoid_negative_ts": "disabled", "use_editlist": "1"}
    return av.open(str(path), "w", format="mp4", options=options)


def _h264(output: OutputContainer, size: Size) -> Any:
    size = size.within(LONGEST_SIDE).even
    stream: Any = output.add_stream("libx264", rate=25, options=ENCODER)
    stream.width, stream.height, stream.pix_fmt = size.width, size.height, "yuv420p"
    stream.codec_context.time_base = Fraction(1, TICKS)
    stream.codec_context.thread_count = THREADS
    return stream


def fitted(frame: av.VideoFrame, size: Size) -> av.VideoFrame:
    """In 4:2:0 of that size, aspect kept: what is left over is black."""
    scale = min(size.width / frame.width, size.height / frame.height)
    inner = Size(round(frame.width * scale), round(frame.height * scale))
    if abs(inner.width - size.width) <= 2 and abs(inner.height - size.height) <= 2:
        return frame.reformat(size.width, size.height, "yuv420p")
    canvas = np.zeros((size.height, size.width, 3), np.uint8)
    left, top = (size.width - inner.width) // 2, (size.height - inner.height) // 2
    rgb = frame.reformat(inner.width, inner.height, "rgb24").to_ndarray()
    canvas[top : top + inner.height, left : left + inner.width] = rgb
    return av.VideoFrame.from_ndarray(canvas, format="rgb24").reformat(format="yuv420p")


def _ticks(span: timedelta) -> int:
    return round(span / timedelta(seconds=1) * TICKS)
