"""A simulated camera as a source: the scene, encoded and decoded as a real camera's is."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from io import BytesIO
from typing import Any

import av
from av.video.stream import VideoStream

from services.ingest.sources.port import LiveFrame, PacketTap, SourceLost, StreamFormat
from services.ingest.sources.sim.endless import FRAME_RATE, EndlessScene

GOP = FRAME_RATE
"""A key frame a second. Each second is encoded for itself, so that whoever begins anywhere decodes
the same pictures."""
MOST_BEHIND_S = 30.0
"""What was missed for longer is a gap."""
OPTIONS = {
    "preset": "veryfast",
    "tune": "zerolatency",
    "qp": "18",
    "g": str(GOP),
    "keyint_min": str(GOP),
    "sc_threshold": "0",
    "bf": "0",
    "x264-params": "aq-mode=0:threads=1",
}


@dataclass(frozen=True)
class Encoded:
    content: bytes
    is_key: bool


class SimSource:
    """Frame k is seen k / FRAME_RATE seconds after the origin, whoever plays it and since when."""

    def __init__(
        self,
        address: str,
        origin_at: datetime,
        now: Callable[[], datetime],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._address, self._origin_at, self._now, self._sleep = address, origin_at, now, sleep
        self._scene: EndlessScene | None = None
        self._kept: dict[int, tuple[Encoded, ...]] = {}

    def open(self) -> StreamFormat:
        try:
            self._scene = EndlessScene(self._address)
        except ValueError as error:
            raise SourceLost(str(error)) from None
        return StreamFormat("h264", self._scene.width, self._scene.height, FRAME_RATE)

    def frames(self, tap: PacketTap | None = None) -> Iterator[LiveFrame]:
        assert self._scene is not None, "open it first"
        first = self._scene.number_at(self._seconds())
        with av.open(BytesIO(), "w", format="mp4") as container:
            stream = self._stream(container)
            decoder: Any = av.CodecContext.create("h264", "r")
            decoder.thread_count = 1
            try:
                if tap is not None:
                    tap.begin(stream)
                for number, packet in self._packets(stream, first):
                    frames = decoder.decode(packet)
                    if number < first:
                        continue
                    self._wait_for(number)
                    moment = self._origin_at + timedelta(seconds=number / FRAME_RATE)
                    arrived_s = time.monotonic()
                    if tap is not None:
                        tap.write(packet, arrived_s, number / FRAME_RATE)
                    for picture in frames:
                        yield LiveFrame(picture, arrived_s, number / FRAME_RATE, moment)
            finally:
                if tap is not None:
                    tap.end()

    def close(self) -> None:
        self._scene = None

    def _packets(
        self, stream: VideoStream, first: int
    ) -> Iterator[tuple[int, "av.Packet[VideoStream]"]]:
        """For ever, from the key frame at or before `first` on."""
        second = first // GOP
        while True:
            for place, encoded in enumerate(self._second(second)):
                number = second * GOP + place
                packet: Any = av.Packet(encoded.content)
                packet.stream, packet.time_base = stream, Fraction(1, FRAME_RATE)
                packet.pts = packet.dts = number
                packet.is_keyframe = encoded.is_key
                yield number, packet
            missed = self._scene_now() // GOP - second
            second += 1 if missed < MOST_BEHIND_S else missed

    def _second(self, second: int) -> tuple[Encoded, ...]:
        """Drawn and encoded once; a round of the scene is kept."""
        assert self._scene is not None
        place = second * GOP % self._scene.frame_count
        if place not in self._kept:
            self._kept[place] = self._encode(second * GOP)
        return self._kept[place]

    def _encode(self, first: int) -> tuple[Encoded, ...]:
        assert self._scene is not None
        encoder: Any = av.CodecContext.create("libx264", "w")
        encoder.width, encoder.height = self._scene.width, self._scene.height
        encoder.pix_fmt, encoder.options = "yuv420p", OPTIONS
        encoder.time_base = Fraction(1, FRAME_RATE)
        packets = []
        for number in range(GOP):
            picture = av.VideoFrame.from_ndarray(self._scene.picture(first + number), "rgb24")
            picture.pts = number
            packets += encoder.encode(picture)
        packets += encoder.encode(None)
        return tuple(Encoded(bytes(one), one.is_keyframe) for one in packets)

    def _stream(self, container: Any) -> VideoStream:
        """What tells a recorder of the codec and the size; nothing is encoded by it."""
        assert self._scene is not None
        stream = container.add_stream("libx264", rate=FRAME_RATE)
        stream.width, stream.height = self._scene.width, self._scene.height
        stream.pix_fmt = "yuv420p"
        assert isinstance(stream, VideoStream)
        return stream

    def _wait_for(self, number: int) -> None:
        due_s = number / FRAME_RATE - self._seconds()
        if due_s > 0:
            self._sleep(due_s)

    def _scene_now(self) -> int:
        assert self._scene is not None
        return self._scene.number_at(self._seconds())

    def _seconds(self) -> float:
        return max(0.0, (self._now() - self._origin_at).total_seconds())
