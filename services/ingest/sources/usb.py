"""A camera that is plugged in: `usb:///dev/video0`, by Video4Linux through FFmpeg."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic

import av
from av.container import InputContainer

from services.ingest.sources.port import LiveFrame, PacketTap, SourceLost, StreamFormat

DEVICES = "/dev/video"


class UsbSource:
    """Its driver's own times are those of the system's start, so arrival counts. Nothing is
    recorded of it: what it sends is not compressed, or JPEG.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._container: InputContainer | None = None

    def open(self) -> StreamFormat:
        if not self._path.startswith(DEVICES) or not self._path.removeprefix(DEVICES).isdigit():
            raise SourceLost(f"A camera that is plugged in lies under {DEVICES}N.")
        if not Path(self._path).exists():
            raise SourceLost(f"Nothing is plugged in at {self._path}.")
        try:
            self._container = av.open(self._path, format="v4l2", timeout=(6.0, 5.0))
        except PermissionError:
            raise SourceLost(f"{self._path} may not be read by this user.") from None
        except (av.FFmpegError, OSError, ValueError):
            raise SourceLost(f"{self._path} gives no video, or another program uses it.") from None
        stream = self._container.streams.video[0]
        rate = stream.average_rate
        context = stream.codec_context
        context.thread_count = 1
        return StreamFormat(
            context.name, context.width, context.height, float(rate) if rate else None
        )

    def frames(self, tap: PacketTap | None = None) -> Iterator[LiveFrame]:
        assert self._container is not None, "open it first"
        try:
            for picture in self._container.decode(video=0):
                yield LiveFrame(picture, monotonic())
        except av.FFmpegError:
            raise SourceLost(f"{self._path} was unplugged, or gives no more video.") from None
        raise SourceLost(f"{self._path} gives no more video.")

    def close(self) -> None:
        container, self._container = self._container, None
        if container is not None:
            with suppress(av.FFmpegError):
                container.close()
