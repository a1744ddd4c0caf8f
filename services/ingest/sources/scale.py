"""A decoded frame -> a small upright JPEG: one pass through swscale, no detour by RGB."""

from collections.abc import Callable, Iterator

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from services.chassis.media.jpeg import Jpeg, Plane, of_planes
from services.chassis.media.shape import Size, scaled_size
from services.chassis.media.timeline import Frame
from services.chassis.media.video import FileVideo

SHORT_SIDE = 256

Draw = Callable[[], Jpeg]
"""Converts and encodes one frame. Only sampled frames are drawn, and each only once."""


def draws(video: FileVideo) -> Iterator[Frame[Draw]]:
    """The frames of a video, each of which draws itself small and upright."""
    scaler = Scaler(video.unturned, video.turns)
    for frame in video.frames():
        yield frame.showing(scaler.drawing(frame.picture))


class Scaler:
    """Draws frames of one video, all at the same size, whatever size later frames come in."""

    def __init__(self, shown: Size, quarter_turns: int) -> None:
        """`shown` is the size before turning; turns go counterclockwise."""
        self._size, self._turns = scaled_size(shown, SHORT_SIDE), quarter_turns % 4
        self._reformatter = VideoReformatter()

    def drawing(self, frame: av.VideoFrame) -> Draw:
        return lambda: self.draw(frame)

    def draw(self, frame: av.VideoFrame) -> Jpeg:
        return of_planes(self.planes(frame))

    def planes(self, frame: av.VideoFrame) -> list[Plane]:
        """Y, U and V of the small upright picture, full range; they may be written to."""
        small = self._reformatter.reformat(
            frame,
            self._size.width,
            self._size.height,
            "yuvj420p",
            dst_colorspace=Colorspace.ITU601,
            dst_color_range=ColorRange.JPEG,
            interpolation=Interpolation.BILINEAR,
            threads=1,
        )
        return [np.rot90(_plane(one), self._turns) for one in small.planes]


def _plane(plane: av.video.plane.VideoPlane) -> Plane:
    rows = np.frombuffer(memoryview(plane), np.uint8)[: plane.line_size * plane.height]
    return rows.reshape(plane.height, plane.line_size)[:, : plane.width]
