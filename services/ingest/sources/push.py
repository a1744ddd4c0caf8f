"""Pictures that browsers push through the API (`push://`), read from their topic as they come."""

from collections.abc import Iterator
from time import monotonic
from uuid import UUID

import av
import simplejpeg
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from schemas.codec import DecodeError, decode
from schemas.pushes import FramePushed
from schemas.topics import PUSHES
from services.chassis.errors import InvalidMessage, TransientError
from services.chassis.media.limits import MediaLimits
from services.chassis.streaming.broker import Broker, LogReader
from services.chassis.telemetry import logs
from services.ingest.sources.port import LiveFrame, PacketTap, SourceLost, StreamFormat

log = logs.get("push")

OPEN_S = 15.0
"""Somebody opens the page, and the browser asks for the camera. Sooner than a camera that starts is
offline, so that it says why."""
READ_S = 5.0
POLL_S = 0.5
MOST_RECORDS = 64
LIMITS = MediaLimits(max_pixels=4096 * 2304, max_side=4096)
MOST_BYTES = 4 * 2**20
SILENT = "The webcam's page sends no pictures: it must stay open in a browser."


class PushSource:
    """The pictures of one webcam, from now on. Read without a group: whoever cuts the source reads
    them, and what came while nobody did is gone. There is nothing to record: a picture is no
    packet of a stream.
    """

    def __init__(
        self, broker: Broker, source_id: UUID, open_s: float = OPEN_S, read_s: float = READ_S
    ) -> None:
        self._broker, self._source_id = broker, source_id
        self._open_s, self._read_s = open_s, read_s
        self._decoder = JpegDecoder(LIMITS)
        self._reader: LogReader | None = None
        self._waiting: list[tuple[FramePushed, float]] = []

    def open(self) -> StreamFormat:
        key = str(self._source_id).encode()
        try:
            self._reader = self._broker.reader(PUSHES.name, "end", key)
        except TransientError as error:
            raise SourceLost("Kafka, through which the pictures come, is away.") from error
        pushed, arrived_s = next(self._pushes(self._open_s))
        self._waiting.append((pushed, arrived_s))
        try:
            height, width = self._decoder.size(pushed.jpeg)
        except InvalidMessage as error:
            raise SourceLost(str(error)) from error
        return StreamFormat("mjpeg", width, height)

    def frames(self, tap: PacketTap | None = None) -> Iterator[LiveFrame]:
        whole_s = monotonic()
        waiting, self._waiting = self._waiting, []
        for pushed, arrived_s in waiting:
            yield from self._frame(pushed, arrived_s)
        for pushed, arrived_s in self._pushes(self._read_s):
            for frame in self._frame(pushed, arrived_s):
                whole_s = arrived_s
                yield frame
            if arrived_s - whole_s > self._read_s:
                raise SourceLost("The webcam's page sends only broken pictures.")

    def close(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()

    def _frame(self, pushed: FramePushed, arrived_s: float) -> Iterator[LiveFrame]:
        try:
            picture = self._decoder.decode(pushed.jpeg)
        except InvalidMessage as error:
            log.info("a picture is left out", source_id=str(self._source_id), error=str(error))
            return
        yield LiveFrame(picture, arrived_s, pushed.pushed_at.timestamp())

    def _pushes(self, patience_s: float) -> Iterator[tuple[FramePushed, float]]:
        """Raises SourceLost once none came for so long."""
        assert self._reader is not None, "open it first"
        latest_s = monotonic()
        while True:
            try:
                records = self._reader.poll(MOST_RECORDS, POLL_S)
            except TransientError as error:
                raise SourceLost("Kafka, through which the pictures come, is away.") from error
            now_s = monotonic()
            for record in records:
                pushed = self._pushed(record.value)
                if pushed is not None:
                    latest_s = now_s
                    yield pushed, now_s
            if now_s - latest_s > patience_s:
                raise SourceLost(SILENT)

    def _pushed(self, value: bytes | None) -> FramePushed | None:
        try:
            message = decode(PUSHES, value)
        except DecodeError:
            return None
        if isinstance(message, FramePushed) and message.source_id == self._source_id:
            return message
        return None


class JpegDecoder:
    """JPEG pictures of a stranger -> frames. Its size is known before anything is decoded."""

    def __init__(self, limits: MediaLimits) -> None:
        self._limits = limits
        self._context = self._made()

    def size(self, jpeg: bytes) -> tuple[int, int]:
        """Height and width, within the limits. Raises InvalidMessage."""
        if len(jpeg) > MOST_BYTES:
            raise InvalidMessage(f"A picture has {len(jpeg)} bytes.")
        try:
            height, width, *_ = simplejpeg.decode_jpeg_header(jpeg)
        except ValueError as error:
            raise InvalidMessage("What came is no JPEG picture.") from error
        self._limits.check_size(width, height)
        return height, width

    def decode(self, jpeg: bytes) -> VideoFrame:
        """Raises InvalidMessage for what is too large, no JPEG, or breaks off."""
        self.size(jpeg)
        try:
            frames = self._context.decode(av.Packet(jpeg))
        except av.FFmpegError as error:
            self._context = self._made()
            raise InvalidMessage("A picture cannot be decoded.") from error
        if not frames or frames[0].is_corrupt:
            raise InvalidMessage("A picture cannot be decoded.")
        return frames[0]

    def _made(self) -> VideoCodecContext:
        context = VideoCodecContext.create("mjpeg", "r")
        assert isinstance(context, VideoCodecContext)
        context.thread_count = 1
        context.options = {"err_detect": "explode", "max_pixels": str(self._limits.max_pixels)}
        return context
