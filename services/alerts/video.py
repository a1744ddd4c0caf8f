"""The evidence: a span of a recording as H.264 MP4."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from services.alerts.core.spans import Span
from services.chassis.media.recording import Recording, VideoUnreadable
from services.chassis.media.shape import Size, upright
from services.chassis.media.timeline import Shown

LONGEST_SIDE = 1920
TICKS = 90_000


def cut(recording: Recording, span: Span, path: Path) -> None:
    """Write the span as H.264 MP4 with the index in front, without sound, at most 1920 wide.

    Frame times are kept. Raises VideoUnreadable when the video has no frame in the span.
    """
    options = {"movflags": "+faststart"}
    with av.open(str(path), "w", format="mp4", options=options) as output:
        writer = _Writer(output, recording)
        held: Shown[av.VideoFrame] | None = None
        for shot in recording.frames_from(span.start_s):
            if shot.start_s >= span.end_s:
                break
            if shot.start_s < span.start_s:
                held = shot
                continue
            if held:
                writer.write(held.picture, 0.0)
                held = None
            writer.write(shot.picture, shot.start_s - span.start_s)
        if held:
            writer.write(held.picture, 0.0)
        writer.finish()


class _Writer:
    """One H.264 stream, upright, all its frames at the size that the recording is shown in."""

    def __init__(self, output: Any, recording: Recording) -> None:
        self._output, self._turns = output, recording.turns
        self._size = recording.size.within(LONGEST_SIDE).even
        self._stream = _add_stream(output, self._size, recording.rate)
        self._last: int | None = None

    def write(self, frame: av.VideoFrame, at_s: float) -> None:
        ticks = round(at_s * TICKS)
        if self._last is not None and ticks - self._last < TICKS // 70:
            return  # more than 60 frames a second show nothing more
        picture = self._straightened(frame).reformat(self._size.width, self._size.height, "yuv420p")
        picture.pts, picture.time_base = ticks, Fraction(1, TICKS)
        picture.pict_type = av.video.frame.PictureType.NONE
        self._last = ticks
        self._output.mux(self._stream.encode(picture))

    def _straightened(self, frame: av.VideoFrame) -> av.VideoFrame:
        if self._turns == 0:
            return frame
        return av.VideoFrame.from_ndarray(upright(frame, self._turns, self._size), format="rgb24")

    def finish(self) -> None:
        if self._last is None:
            raise VideoUnreadable("it has no frame at that time")
        self._output.mux(self._stream.encode(None))


def _add_stream(output: Any, size: Size, rate: int) -> Any:
    stream = output.add_stream("libx264", rate=rate)
    stream.width, stream.height, stream.pix_fmt = size.width, size.height, "yuv420p"
    stream.codec_context.time_base = Fraction(1, TICKS)
    stream.codec_context.thread_count = 2
    stream.options = {"preset": "veryfast", "crf": "21"}
    return stream
