"""Packets as they come in -> packets with their moments, for the recorder."""

from collections.abc import Callable
from datetime import datetime

import av
from av.video.stream import VideoStream

from services.ingest.core import Timing
from services.ingest.sources.port import PacketSink


class PlacedPackets:
    """A PacketTap before a PacketSink. Packets go by the order of decoding, so they have a timing
    of their own; both follow the same arrivals.
    """

    def __init__(self, sink: PacketSink, moment: Callable[[float], datetime]) -> None:
        self._sink, self._moment, self._timing = sink, moment, Timing()

    def begin(self, stream: VideoStream) -> None:
        self._sink.begin(stream)

    def write(
        self, packet: "av.Packet[VideoStream]", arrived_s: float, pts_s: float | None
    ) -> None:
        self._sink.write(packet, self._moment(self._timing.place(arrived_s, pts_s)))

    def end(self) -> None:
        self._sink.end()
