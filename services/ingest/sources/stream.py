"""RTSP, HTTP MJPEG, HLS and whatever else FFmpeg reads from the network, by PyAV."""

import itertools
from collections.abc import Iterator
from contextlib import suppress
from time import monotonic

import av
from av.codec.context import ThreadType
from av.container import InputContainer
from av.video.stream import VideoStream

from schemas.sources import Transport
from services.chassis.media.limits import MediaLimits
from services.chassis.telemetry import logs
from services.ingest.sources.connecting import Patience, connect, reason
from services.ingest.sources.continuity import FrameNumbers
from services.ingest.sources.fetching import Fetch
from services.ingest.sources.pace import Pace
from services.ingest.sources.port import LiveFrame, PacketTap, SourceLost, StreamFormat

log = logs.get("stream")

UNTIMED = frozenset({"mpjpeg", "mjpeg", "jpeg_pipe"})
"""Formats whose times are frame numbers."""
STILLS = frozenset({"jpeg_pipe", "png_pipe", "mjpeg"})
ENDED = "The camera ended the stream."
STILL = "The address gives single pictures and no video: cameras have another one for that."
AS_IT_COMES = frozenset({"rtsp", "mpjpeg", "mjpeg", "jpeg_pipe"})
"""Formats that come at the speed of life. Others come in pieces, or as fast as the network is."""
CONTINUOUS = frozenset({"mpegts", "flv", "live_flv", "h264", "hevc"})
"""Formats in which live streams come at the speed of life, and recorded ones as fast as can be."""
BROKEN_S = 15.0
"""A stream without a whole picture for so long is opened again."""
MOST_UNDER_WAY = 64
"""Packets whose pictures the decoder may still hold."""


class StreamSource:
    """One connection to a network stream. Decodes on the reading thread alone."""

    def __init__(
        self,
        url: str,
        transport: Transport = "auto",
        patience: Patience = Patience(),
        keys_only: bool = False,
        fetch: Fetch | None = None,
    ) -> None:
        """The URL holds the credentials, escaped; it is shown nowhere. `keys_only`: whoever wants
        the packets alone is shown key frames as a sign of life.
        """
        self._url, self._transport, self._patience = url, transport, patience
        self._keys_only, self._fetch = keys_only, fetch
        self._container: InputContainer | None = None
        self._size = (0, 0)

    def open(self) -> StreamFormat:
        self._container = connect(self._url, self._transport, self._patience, self._fetch)
        stream = self._video(self._container)
        context = stream.codec_context
        context.thread_count, context.thread_type = 1, ThreadType.NONE
        context.options = {
            "err_detect": "explode",
            "max_pixels": str(MediaLimits.max_pixels),
        }
        rate = stream.average_rate or stream.guessed_rate
        self._size = (context.width, context.height)
        return StreamFormat(context.name, *self._size, float(rate) if rate else None)

    def frames(self, tap: PacketTap | None = None) -> Iterator[LiveFrame]:
        assert self._container is not None, "open it first"
        stream = self._video(self._container)
        try:
            if tap is not None:
                tap.begin(stream)
            yield from self._decoded(stream, tap)
        finally:
            if tap is not None:
                tap.end()

    def _decoded(self, stream: VideoStream, tap: PacketTap | None) -> Iterator[LiveFrame]:
        decoding = Decoding(stream, self._format in UNTIMED, self._keys_only)
        for packet, arrived_s in self._packets(stream):
            frames = decoding.decode(packet, arrived_s)
            for frame in frames:
                self._notice_size(frame.picture, stream, tap)
            if tap is not None:
                tap.write(packet, arrived_s, decoding.packet_s)
            yield from frames

    def close(self) -> None:
        container, self._container = self._container, None
        if container is not None:
            with suppress(av.FFmpegError):
                container.close()

    @property
    def _format(self) -> str:
        assert self._container is not None
        return self._container.format.name

    def _video(self, container: InputContainer) -> VideoStream:
        stream = container.streams.best("video")
        if not isinstance(stream, VideoStream) or stream.codec_context is None:
            raise SourceLost("The stream has no video, or none that can be decoded.")
        for other in container.streams:
            if other is not stream:
                other.discard = av.stream.Discard.all
        return stream

    def _packets(self, stream: VideoStream) -> Iterator[tuple["av.Packet[VideoStream]", float]]:
        """Packets with their arrival. Raises SourceLost when no more come."""
        assert self._container is not None
        catches_up = self._format in CONTINUOUS
        pace = None if self._format in AS_IT_COMES else Pace(catches_up)
        remaining = self._container.demux(stream)
        asked_s = monotonic()
        for count in itertools.count():
            try:
                packet = next(remaining, None)
            except (av.FFmpegError, IndexError) as error:
                raise SourceLost(self._loss(error, monotonic() - asked_s)) from None
            if packet is None or not packet.size:
                is_still = count <= 1 and self._format in STILLS
                raise SourceLost(STILL if is_still else ENDED)
            arrived_s = monotonic()
            if arrived_s - asked_s >= (self._container.read_timeout or float("inf")):
                # What FFmpeg still had when the deadline passed: it did not come now.
                raise SourceLost(self._loss(TimeoutError(), arrived_s - asked_s))
            if pace is not None:
                arrived_s = pace.wait(arrived_s, _seconds(packet.dts, stream))
            yield packet, arrived_s
            asked_s = monotonic()

    def _loss(self, error: Exception, waited_s: float) -> str:
        if isinstance(error, av.error.ExitError | av.error.TimeoutError) or waited_s > 1:
            return f"The camera sent nothing for {waited_s:.0f} s."
        return reason(error)

    def _notice_size(
        self, picture: av.VideoFrame, stream: VideoStream, tap: PacketTap | None
    ) -> None:
        size = (picture.width, picture.height)
        if size == self._size:
            return
        log.info("the stream changed", width=size[0], height=size[1], codec=stream.name)
        is_first, self._size = self._size == (0, 0), size
        if tap is not None and not is_first:
            tap.end()
            tap.begin(stream)


class Decoding:
    """Packets -> whole pictures. After damage there are none until the next key frame."""

    def __init__(self, stream: VideoStream, is_untimed: bool, keys_only: bool = False) -> None:
        self._stream, self._is_untimed, self._keys_only = stream, is_untimed, keys_only
        self._numbers = FrameNumbers() if stream.codec_context.name == "h264" else None
        self._arrivals: dict[int | None, float] = {}
        self._is_whole = False
        self._whole_s: float | None = None
        self.packet_s: float | None = None
        """The source's time of the packet decoded last, by the order of decoding."""

    def decode(self, packet: "av.Packet[VideoStream]", arrived_s: float) -> list[LiveFrame]:
        """Raises SourceLost where the stream stays broken."""
        self.packet_s = self._time(packet.dts)
        if self._whole_s is None:
            self._whole_s = arrived_s
        if arrived_s - self._whole_s > BROKEN_S:
            raise SourceLost("The camera sends only broken pictures.")
        if not self._can_decode(packet) or (self._keys_only and not packet.is_keyframe):
            return []
        self._arrivals[packet.pts] = arrived_s
        while len(self._arrivals) > MOST_UNDER_WAY:
            del self._arrivals[next(iter(self._arrivals))]
        try:
            pictures = packet.decode()
        except av.FFmpegError:
            self._is_whole = False
            return []
        whole = [one for one in pictures if not one.is_corrupt]
        if whole:
            self._whole_s = arrived_s
        return [self._frame(one, arrived_s) for one in whole]

    def _can_decode(self, packet: "av.Packet[VideoStream]") -> bool:
        follows = self._numbers is None or self._numbers.follows(bytes(packet))
        self._is_whole = packet.is_keyframe or (self._is_whole and follows)
        if packet.is_corrupt:
            self._is_whole = False
        return self._is_whole

    def _frame(self, picture: av.VideoFrame, arrived_s: float) -> LiveFrame:
        came_s = self._arrivals.pop(picture.pts, arrived_s)
        return LiveFrame(picture, came_s, self._time(picture.pts))

    def _time(self, ticks: int | None) -> float | None:
        return None if self._is_untimed else _seconds(ticks, self._stream)


def _seconds(ticks: int | None, stream: VideoStream) -> float | None:
    return None if ticks is None or not stream.time_base else float(ticks * stream.time_base)
