"""Footage that says which second it shows: as many bright blocks as the second counts, in binary.

Sixteen blocks in two rows, large enough to survive any encoder.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
WIDTH, HEIGHT = 128, 96
BITS = 16
DARK, BRIGHT = 40, 215


def painted(second: int, width: int = WIDTH, height: int = HEIGHT) -> Picture:
    """RGB. Bit i of the second is block i."""
    blocks = np.array([BRIGHT if second >> bit & 1 else DARK for bit in range(BITS)], np.uint8)
    rows = np.repeat(blocks.reshape(2, 8), height // 2, axis=0)
    grey = np.repeat(rows, width // 8, axis=1)
    return np.repeat(grey[:, :, None], 3, axis=2)


def second_of(picture: Picture) -> int:
    """Which second a picture of any size shows."""
    grey = picture.mean(axis=2) if picture.ndim == 3 else picture
    height, width = grey.shape
    rows = [round(height * share) for share in (0.25, 0.75)]
    columns = [round(width * (block + 0.5) / 8) for block in range(8)]
    bright = [
        grey[row - 2 : row + 3, col - 2 : col + 3].mean() > 128 for row in rows for col in columns
    ]
    return sum(1 << bit for bit, is_bright in enumerate(bright) if is_bright)


def encoded(path: Path, seconds: range, codec: str = "libx264", **more: Any) -> Path:
    """A file of those seconds; `.ts` gives packets as cameras send them. More: `rate`, `gop` (both
    in frames), `size`, `bframes`, `sound`.
    """
    rate, gop, size = more.get("rate", 5), more.get("gop", 10), more.get("size", (WIDTH, HEIGHT))
    options = {
        "preset": "ultrafast",
        "g": str(gop),
        "keyint_min": str(gop),
        "bf": str(more.get("bframes", 0)),
    }
    if codec == "libx265":
        options["x265-params"] = f"log-level=none:keyint={gop}:min-keyint={gop}:scenecut=0"
    if codec == "libx264":
        options["sc_threshold"] = "0"
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=rate, options=options)
        stream.width, stream.height = size
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        tone: Any = container.add_stream("aac", rate=8000) if more.get("sound") else None
        for number in range(len(seconds) * rate):
            picture = painted(seconds[number // rate], *size)
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if tone is not None:
            _silence(container, tone, len(seconds))
    return path


def frames(path: Path) -> Iterator[tuple[float, int]]:
    """Each frame of a file: its time in seconds, and the second that it shows."""
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield float(frame.pts * frame.time_base), second_of(frame.to_ndarray(format="rgb24"))


def shown_at(path: Path, at_s: float) -> int:
    """The second that a player shows which was sought to `at_s`."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        container.seek(round(at_s / stream.time_base), stream=stream)
        latest: Any = None
        for frame in container.decode(stream):
            if latest is not None and float(frame.pts * frame.time_base) > at_s + 1e-3:
                break
            latest = frame
        return second_of(latest.to_ndarray(format="rgb24"))


def play(sink: Any, path: Path, start: datetime, rate: float = 5, **broken: Any) -> datetime:
    """Hand a file's packets to a PacketSink as a camera that begins at `start` would; the moment
    behind the last. `broken`: `times` maps a packet's number to the (pts, dts) it claims.
    """
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        sink.begin(stream)
        number = 0
        for packet in container.demux(stream):
            if packet.size:
                if "times" in broken:
                    packet.pts, packet.dts = broken["times"](number)
                sink.write(packet, start + timedelta(seconds=number / rate))
                number += 1
        sink.end()
    return start + timedelta(seconds=number / rate)


def _silence(container: Any, tone: Any, seconds: int) -> None:
    for number in range(seconds * 8000 // 1024):
        quiet = np.zeros((1, 1024), np.float32)
        frame = av.AudioFrame.from_ndarray(quiet, format="fltp", layout="mono")
        frame.sample_rate, frame.pts = 8000, number * 1024
        container.mux(tone.encode(frame))
    container.mux(tone.encode(None))
