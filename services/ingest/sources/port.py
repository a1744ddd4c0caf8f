"""What every endless source is to whoever cuts it: opened, read frame by frame, lost, opened again.

A source is read by one thread. Packets are demuxed once: what is decoded is handed on as it came,
to be recorded without encoding it anew.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import av
from av.video.stream import VideoStream


class SourceLost(Exception):
    """The source cannot be opened, or gave out. The text is one sentence for the camera's owner,
    and never holds credentials. Whoever reads opens the source again after a while.
    """


@dataclass(frozen=True)
class StreamFormat:
    """What a source says of its pictures before the first of them; later ones may differ."""

    codec: str
    """As FFmpeg calls it: h264, hevc, mjpeg."""
    width: int
    height: int
    frame_rate: float | None = None


@dataclass(frozen=True)
class LiveFrame:
    """A decoded picture, whole: none that was decoded without what it refers to."""

    picture: av.VideoFrame
    arrived_s: float
    """When its packet came in, by the clock that never goes back (time.monotonic)."""
    pts_s: float | None = None
    """The source's own time, on its own scale; None where it has none that can be believed."""
    moment: datetime | None = None
    """When it was seen, where the source itself can tell; then the two above do not count."""


class PacketSink(Protocol):
    """Takes the packets of a source with the moments at which they were seen: the recorder."""

    def begin(self, stream: VideoStream) -> None:
        """The packets that follow are of this stream. Called again when codec or size changes.
        The stream stays open until `end`.
        """

    def write(self, packet: "av.Packet[VideoStream]", moment: datetime) -> None:
        """A packet, already decoded, so its stream and times may be overwritten; not kept after
        the call. Moments go by order of decoding and never go back.
        """

    def end(self) -> None:
        """No packet of the stream begun last follows: lost, changed or stopped. Called once for
        every `begin`.
        """


class PacketTap(Protocol):
    """What a source hands its packets to: a PacketSink, once somebody places them in time."""

    def begin(self, stream: VideoStream) -> None: ...

    def write(
        self, packet: "av.Packet[VideoStream]", arrived_s: float, pts_s: float | None
    ) -> None: ...

    def end(self) -> None: ...


class LiveSource(Protocol):
    """Opened once, read to its end, closed. Another try is another source."""

    def open(self) -> StreamFormat:
        """Connect, within a deadline of its own. Raises SourceLost."""

    def frames(self, tap: PacketTap | None = None) -> Iterator[LiveFrame]:
        """The pictures as they come, in the order of presentation, each within the read deadline
        after the one before. Never ends by itself but by SourceLost. Broken frames are left out.
        """

    def close(self) -> None:
        """Say goodbye to the other side and let go of everything, within a second or two.
        Harmless when it is not open, or closed already. Called by the thread that reads.
        """
