"""What the service is measured against: the bare forward pass, one decoding thread, a GPU."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from services.features.backbones import Backbone, Options, load
from services.features.backbones.base import gpu as has_gpu
from services.features.feed import decode_clips_per_s, feed
from services.features.weights import MODELS
from services.features.weights.store import place

BATCHES = (1, 8, 32, 64, 256)
BLANK = {"videomae2_s_k710": 384, "videomae2_b_k710": 768}
"""Backbones that can be measured without their weights, and their widths."""

Row = tuple[str, str]


def bare_forward(backbone: Backbone, windows: int, batch: int = 1) -> float:
    """Seconds a window when the network alone runs, on noise that lies ready in memory."""
    shape = (batch, backbone.frames, backbone.size, backbone.size, 3)
    pixels_BTHWC = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    backbone.embed(pixels_BTHWC)
    batches = -(-windows // batch)
    started = time.perf_counter()
    for _ in range(batches):
        backbone.embed(pixels_BTHWC)
    return (time.perf_counter() - started) / (batches * batch)


def with_weights(name: str, options: Options, scratch: Path) -> tuple[Options, bool]:
    """Options under which the backbone has weights, and whether these have a meaning.

    Where the real ones are missing, others of the same shape are put into `scratch`: how fast a
    network runs does not depend on what it knows.
    """
    sources = MODELS[name].sources
    if name not in BLANK or all(
        place(options.cache, MODELS[name], source).exists() for source in sources
    ):
        return options, True
    from services.features.backbones.videomae2 import blank

    blank.put(scratch, name, BLANK[name])
    return replace(options, cache=scratch), False


def gpu_rows(
    start: Callable[[bool], Backbone], device: str, batches: Sequence[int] = BATCHES
) -> Iterator[Row]:
    """Clips a second of torch on a GPU: every batch, as it is and compiled.

    Copying the pixels to the GPU is part of it. `start` gives the backbone, compiled or not.
    """
    for compiled in (False, True):
        backbone = start(compiled)
        how = f"{device}, bf16, {'compiled' if compiled else 'as it is'}"
        for batch in batches:
            seconds = bare_forward(backbone, 4 * batch, batch)
            yield f"  {how}, batch {batch}", f"{backbone.window / seconds:.1f} clips/s"


def gpu(name: str, options: Options) -> Iterator[Row]:
    """The rows of this machine's GPU, or one that says that there is none."""
    if not has_gpu():
        yield "  on a GPU", "not measured: there is none here"
        return
    import torch

    def start(compiled: bool) -> Backbone:
        return load(name, replace(options, engine="torch", compile=compiled))

    yield from gpu_rows(start, torch.cuda.get_device_name())


__all__ = ["bare_forward", "decode_clips_per_s", "feed", "gpu", "gpu_rows", "with_weights"]
