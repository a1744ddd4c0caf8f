"""Tiny videos made on the spot. Frame i is a flat grey of level `grey(i)`, so it can be known."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import simplejpeg
from numpy.typing import NDArray

TICKS = 30_000
Picture = NDArray[np.uint8]


def grey(number: int) -> int:
    """Far apart for neighbours, and every number below 32 has its own."""
    return 16 + (number * 5 % 32) * 7


def number_of(jpeg: bytes) -> int:
    """Which frame a JPEG shows."""
    level = float(simplejpeg.decode_jpeg(jpeg, colorspace="GRAY").mean())
    return min(range(32), key=lambda number: abs(grey(number) - level))


def flat(width: int, height: int, number: int) -> Picture:
    return np.full((height, width, 3), grey(number), np.uint8)


def quadrants(width: int, height: int, _number: int) -> Picture:
    """Red, green / blue, white: tells turns, mirrors and colours apart."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[: height // 2, : width // 2] = (200, 20, 20)
    picture[: height // 2, width // 2 :] = (20, 200, 20)
    picture[height // 2 :, : width // 2] = (20, 20, 200)
    picture[height // 2 :, width // 2 :] = (230, 230, 230)
    return picture


def make(
    path: Path,
    times_s: Sequence[float],
    size: tuple[int, int] = (64, 48),
    codec: str = "libx264",
    paint: Callable[[int, int, int], Picture] = flat,
    **more: Any,
) -> Path:
    """A video with a frame at each time. More: `turn` (degrees), `options`, `pix_fmt`, `sound`,
    `aspect` (of a pixel), `colorspace`, `container` options."""
    with av.open(str(path), "w", container_options=more.get("container", {})) as container:
        step_s = times_s[1] - times_s[0] if len(times_s) > 1 else 1 / 30
        rate = Fraction(1 / step_s).limit_denominator(1001)
        stream: Any = container.add_stream(codec, rate=rate, options=more.get("options", {}))
        stream.width, stream.height = size
        stream.pix_fmt = more.get("pix_fmt", "yuv420p" if size[0] % 2 == 0 else "yuv444p")
        tick = 1 / rate if path.suffix == ".avi" else Fraction(1, TICKS)
        stream.codec_context.time_base = tick
        if "aspect" in more:
            stream.codec_context.sample_aspect_ratio = more["aspect"]
        if "colorspace" in more:
            stream.codec_context.colorspace = more["colorspace"]
        if "turn" in more:
            stream.set_display_rotation(more["turn"])
        sound = container.add_stream("aac", rate=48_000) if more.get("sound") else None
        for number, at_s in enumerate(times_s):
            picture = paint(*size, number)
            frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(
                format=stream.pix_fmt, dst_colorspace=more.get("colorspace")
            )
            frame.pts, frame.time_base = round(at_s / tick), tick
            frame.duration = round(step_s / tick)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if sound is not None:
            _silence(container, sound, times_s[-1])
    return path


def make_sound(path: Path, duration_s: float = 1.0) -> Path:
    with av.open(str(path), "w") as container:
        _silence(container, container.add_stream("aac", rate=48_000), duration_s)
    return path


def _silence(container: av.container.OutputContainer, stream: Any, duration_s: float) -> None:
    for block in range(max(1, int(duration_s * 48_000 / 1024))):
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 2048), np.int16), "s16", "stereo")
        frame.sample_rate, frame.pts = 48_000, block * 1024
        container.mux(stream.encode(frame))
    container.mux(stream.encode())


def every(frame_rate: float, count: int) -> list[float]:
    return [number / frame_rate for number in range(count)]
