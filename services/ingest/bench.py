"""What decoding, sampling and JPEG cost, for `make bench`."""

import tempfile
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from services.chassis.media.limits import MediaLimits
from services.ingest.clips import clips_of
from services.ingest.playable import examine, remedy
from services.ingest.transcode import make_playable

WIDTH, HEIGHT, FRAME_RATE, SECONDS = 640, 480, 25, 30
Row = tuple[str, str]


@dataclass(frozen=True)
class Cost:
    clips: int
    media_s: float
    wall_s: float
    cpu_s: float
    content_bytes: int


def run(video: Path | None = None) -> list[Row]:
    """Name and value of each figure. Without a video, of a made one: 640x480, 25 fps, H.264."""
    with tempfile.TemporaryDirectory() as folder:
        path = video or make_video(Path(folder) / "bench.mp4")
        return [*_rows(measure(path)), ("ingest playable copy", _copy(path, Path(folder)))]


def measure(path: Path) -> Cost:
    """Cut the whole file once, exactly as the service does."""
    wall, cpu = time.perf_counter(), time.process_time()
    clips = content_bytes = 0
    media_s = 0.0
    for clip in clips_of(path):
        clips, media_s = clips + 1, clip.end_s
        content_bytes += sum(map(len, clip.frames))
    return Cost(
        clips,
        media_s,
        time.perf_counter() - wall,
        time.process_time() - cpu,
        content_bytes,
    )


def make_video(path: Path) -> Path:
    """A moving texture with noise: about as hard to decode as a busy store at night."""
    rng = np.random.default_rng(0)
    texture = rng.integers(0, 255, (HEIGHT // 8, WIDTH // 4, 3), np.uint8).repeat(8, 0).repeat(8, 1)
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=FRAME_RATE, options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(SECONDS * FRAME_RATE):
            shift = 2 * number % WIDTH
            picture = texture[:, shift : shift + WIDTH] // 2
            picture = picture + rng.integers(0, 24, picture.shape, np.uint8)
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FRAME_RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def _rows(cost: Cost) -> list[Row]:
    return [
        ("ingest clips/s", f"{cost.clips / cost.wall_s:.0f}"),
        ("ingest ms per second of video", f"{1000 * cost.wall_s / cost.media_s:.1f}"),
        ("ingest CPU ms per second of video", f"{1000 * cost.cpu_s / cost.media_s:.1f}"),
        ("ingest times real time", f"{cost.media_s / cost.wall_s:.0f}"),
        ("bytes per clip", f"{cost.content_bytes / cost.clips / 1000:.0f} KB"),
    ]


def _copy(path: Path, folder: Path) -> str:
    limits = MediaLimits()
    started = time.perf_counter()
    with path.open("rb") as readable:
        how = remedy(examine(readable, limits))
        if how == "none":
            return "the original itself"
        make_playable(readable, folder / "copy.mp4", how, limits, lambda: None)
    return f"{how}, {time.perf_counter() - started:.1f} s"
