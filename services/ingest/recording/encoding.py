"""Records pictures instead of packets: they are encoded, with privacy masks burnt in.

A copy of the camera's own stream keeps what is masked; so where masks shall hold in recordings too,
there is no copy. Nor is there one of sources that have pictures but no packets (webcams, simulated
ones), or none that an MP4 takes. It costs an encoder (docs/how-to/recordings.md says how much).
"""

import io
from collections.abc import Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

import av
from av.video.stream import VideoStream

from schemas.sources import Polygon
from services.chassis.telemetry import logs
from services.ingest.core.masks import Mask
from services.ingest.recording.recorder import Recorder

log = logs.get("recording")
KEY_FRAMES_S = 2.0
"""Segments begin with a key frame, and players seek by them."""
ENCODER = {"preset": "veryfast", "tune": "zerolatency", "crf": "23"}
THREADS = 1
TICKS = 90_000


class EncodingRecorder:
    """Pictures in, segments out, by way of a recorder that copies. Its failures are its own."""

    def __init__(self, recorder: Recorder, masks: Sequence[Polygon] = ()) -> None:
        self._recorder, self._masks = recorder, tuple(masks)
        self._encoding: _Encoding | None = None

    def show(self, picture: av.VideoFrame, moment: datetime) -> None:
        """A decoded picture, in the order of presentation; it stays as it is."""
        try:
            encoding = self._encoding_for(picture)
            for packet, shown_at in encoding.encode(picture, moment):
                self._recorder.write(packet, shown_at)
        except (av.FFmpegError, ValueError) as error:
            log.warning("not recorded", reason=str(error))
            self.end()

    def end(self) -> None:
        self._recorder.end()
        self._encoding = None

    def _encoding_for(self, picture: av.VideoFrame) -> "_Encoding":
        """Another size needs another encoder, and another mask."""
        if self._encoding is None or self._encoding.size != (picture.width, picture.height):
            self.end()
            self._encoding = _Encoding(picture.width, picture.height, self._masks)
            self._recorder.begin(self._encoding.stream)
        return self._encoding


class _Encoding:
    """Pictures of one size as H.264, each out as soon as it is in."""

    def __init__(self, width: int, height: int, masks: Sequence[Polygon]) -> None:
        self.size = width, height
        self._even = width & ~1, height & ~1
        self._mask = Mask(masks, *self._even)
        self._container = av.open(io.BytesIO(), "w", format="h264")
        self.stream: Any = self._container.add_stream("libx264", rate=25, options=ENCODER)
        self.stream.width, self.stream.height = self._even
        self.stream.pix_fmt = "yuv420p"
        self.stream.codec_context.time_base = Fraction(1, TICKS)
        self.stream.codec_context.thread_count = THREADS
        self._first_at: datetime | None = None
        self._last = -1
        self._key_at: datetime | None = None

    def encode(
        self, picture: av.VideoFrame, moment: datetime
    ) -> list[tuple["av.Packet[VideoStream]", datetime]]:
        frame = self._masked(picture)
        if self._first_at is None:
            self._first_at = moment
        at = max(round((moment - self._first_at).total_seconds() * TICKS), self._last + 1)
        frame.pts, frame.time_base, self._last = at, Fraction(1, TICKS), at
        frame.pict_type = av.video.frame.PictureType.NONE
        if self._key_at is None or moment - self._key_at >= timedelta(seconds=KEY_FRAMES_S):
            frame.pict_type = av.video.frame.PictureType.I
            self._key_at = moment
        return [(packet, moment) for packet in self.stream.encode(frame)]

    def _masked(self, picture: av.VideoFrame) -> av.VideoFrame:
        width, height = self._even
        planes: Any = picture.reformat(width, height, "yuv420p").to_ndarray()
        y, rest = planes[:height], planes[height:].reshape(-1)
        quarter = width * height // 4
        u, v = (
            rest[start : start + quarter].reshape(height // 2, width // 2) for start in (0, quarter)
        )
        self._mask.blacken([y, u, v], is_full_range=False)
        return av.VideoFrame.from_ndarray(planes, format="yuv420p")
