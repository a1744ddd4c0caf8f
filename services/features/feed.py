"""How fast the service can feed a network: `python -m services.features.feed CORES`.

Everything is the service's own, but the broker (in memory) and the network, which costs nothing.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID, uuid5

import cv2
import numpy as np
import simplejpeg

from schemas import ids
from schemas.clips import ClipRecorded, Grid
from schemas.topics import CLIPS_BULK, CLIPS_LIVE, EMBEDDINGS
from services.chassis.streaming.memory import MemoryBroker
from services.chassis.streaming.records import Outgoing
from services.features.backbones.base import Vectors, Windows
from services.features.config import FeaturesSettings
from services.features.frames import clip_pixels
from services.features.service import embedding, lanes, settle_process

WIDTH, HEIGHT = 456, 256
QUALITY = 75
SOURCES, CLIPS = 8, 24
"""Uploads at once, and clips of each."""
ORIGIN = Grid(origin_at=datetime(2026, 1, 1, tzinfo=UTC))


class NullBackbone:
    """Takes windows as I3D does, and gives zeros at once."""

    id, window, frames, size, dim, at_once = "null", 2, 32, 224, 1024, 8

    def embed(self, windows_BTHWC: Windows) -> Vectors:
        return np.zeros((len(windows_BTHWC), self.dim), np.float32)


def decode_clips_per_s(seconds: float = 3.0) -> float:
    """Clips that one thread turns into pixels, and nothing else."""
    cv2.setNumThreads(1)
    (clip, *_) = footage(1, 1)
    count, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        clip_pixels(clip, NullBackbone.size)
        count += 1
    return count / (time.perf_counter() - started)


def feed(cores: int) -> float:
    """Clips a second of the whole service on so many cores, in a process of its own.

    Raises ValueError where there are not so many.
    """
    if cores > len(os.sched_getaffinity(0)):
        raise ValueError(f"there are {len(os.sched_getaffinity(0))} cores here, not {cores}")
    done = subprocess.run(
        [sys.executable, "-m", "services.features.feed", str(cores)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout.split()[-1])


def measure(sources: int, clips: int) -> float:
    """The same on the cores of this process."""
    settle_process()
    broker = MemoryBroker([CLIPS_LIVE, CLIPS_BULK, EMBEDDINGS])
    publisher = broker.publisher("bench")
    for clip in footage(sources, clips):
        publisher.publish(Outgoing(CLIPS_BULK, clip))
    settings = FeaturesSettings(backbone=NullBackbone.id, features_lanes="bulk")
    service = lanes(settings, embedding(NullBackbone()), broker)
    thread = threading.Thread(target=service.run)
    started = time.perf_counter()
    thread.start()
    windows = sources * -(-clips // NullBackbone.window)
    broker.wait_until(lambda: len(broker.records(EMBEDDINGS)) == windows, 600)
    seconds = time.perf_counter() - started
    service.stop()
    thread.join()
    return sources * clips / seconds


def footage(sources: int, clips: int) -> Iterator[ClipRecorded]:
    """Clips of uploads in turn, about as large as those of a camera in a store: 300 KB."""
    frames = tuple(pictures())
    for index in range(clips):
        for number in range(sources):
            source_id = uuid5(UUID(int=0), str(number))
            yield ClipRecorded(
                source_id=source_id,
                origin_at=ORIGIN.origin_at,
                cut_at=ORIGIN.origin_at,
                clip_id=ids.clip_id(source_id, ORIGIN.origin_at, index),
                index=index,
                start_s=ORIGIN.start_s(index),
                end_s=ORIGIN.start_s(index + 1),
                width=WIDTH,
                height=HEIGHT,
                frame_count=len(frames),
                frames=frames,
                is_last=index == clips - 1,
            )


def pictures() -> Iterator[bytes]:
    """Sixteen pictures that move, with the noise of a cheap camera."""
    random = np.random.default_rng(0)
    coarse = random.integers(0, 256, (HEIGHT // 10, WIDTH // 10, 3), np.uint8)
    scene_HWC = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC).astype(np.int16)
    for k in range(16):
        noise_HW1 = random.normal(0, 2, (HEIGHT, WIDTH, 1)).astype(np.int16)
        picture = np.clip(np.roll(scene_HWC, 3 * k, axis=1) + noise_HW1, 0, 255).astype(np.uint8)
        yield simplejpeg.encode_jpeg(np.ascontiguousarray(picture), QUALITY, "RGB", "420")


def main() -> None:
    cores = sorted(os.sched_getaffinity(0))[: int(sys.argv[1])]
    os.sched_setaffinity(0, cores)
    measure(SOURCES, 2)
    sys.stdout.write(f"{measure(SOURCES, CLIPS):.2f}\n")


if __name__ == "__main__":
    main()
