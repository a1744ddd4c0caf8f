"""How a backbone is run by torch: in float32 on CPUs, the reference, and in bf16 on a GPU.

Shapes: B windows, T frames, H height, W width, C colours, D dimensions.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from services.features.backbones.base import (
    Backbone,
    Engine,
    Network,
    Options,
    Vectors,
    Windows,
    check,
    locked,
    torch_device,
)
from services.features.backbones.gpu import Cuda, Gpu, Upload

CHUNK = 32
"""Windows in one pass on a GPU: enough to fill it, and few enough that copying overlaps."""


class Torch(Engine):
    """The reference: float32, on the CPU, all windows in one pass."""

    precision = "f32"

    def __init__(self, network: Network, weights: Path) -> None:
        super().__init__(network)
        self._model = network.model(weights).to(memory_format=torch.channels_last_3d)

    def embed(self, windows_BTHWC: Windows) -> Vectors:
        check(windows_BTHWC, self.frames, self.size)
        if not len(windows_BTHWC):
            return np.empty((0, self.dim), np.float32)
        pixels = torch.from_numpy(np.ascontiguousarray(windows_BTHWC))
        with torch.inference_mode():
            vectors: Vectors = self._model(pixels).numpy()
        return vectors


class TorchOnGpu(Engine):
    """All weights in bf16. Windows are copied into page-locked memory and from there to the GPU
    while it computes on those before them: two buffers take turns.
    """

    precision = "bf16"

    def __init__(
        self, network: Network, weights: Path, gpu: Gpu, compiled: bool = False, chunk: int = CHUNK
    ) -> None:
        super().__init__(network)
        self.compiled, self._gpu = compiled, gpu
        model: Any = network.model(weights)
        model.network.bfloat16()
        model.to(gpu.device).to(memory_format=torch.channels_last_3d)
        self._model: Callable[[Tensor], Tensor] = model
        shape = (chunk, network.frames, network.size, network.size, 3)
        self._buffers = [Buffer(gpu.page_locked(shape)) for _ in range(2)]
        if compiled:
            self._model = torch.compile(model, dynamic=True)
            self._compile()

    def embed(self, windows_BTHWC: Windows) -> Vectors:
        check(windows_BTHWC, self.frames, self.size)
        found: list[Callable[[], Vectors]] = []
        chunk = len(self._buffers[0].pixels)
        for first in range(0, len(windows_BTHWC), chunk):
            buffer = self._buffers[first // chunk % 2]
            pixels_BTHWC = buffer.upload(windows_BTHWC[first : first + chunk], self._gpu)
            with torch.inference_mode():
                found.append(self._gpu.download(self._model(pixels_BTHWC).float()))
        return np.concatenate([np.empty((0, self.dim), np.float32), *(one() for one in found)])

    def _compile(self) -> None:
        """Now, not when the first clips wait: once for a batch of one and once for all others."""
        for batch in (1, 2):
            self.embed(np.zeros((batch, self.frames, self.size, self.size, 3), np.uint8))


class Buffer:
    """Page-locked memory for one chunk; filled again only once the GPU has it."""

    def __init__(self, host_BTHWC: Tensor) -> None:
        self._host, self.pixels = host_BTHWC, host_BTHWC.numpy()
        self._upload: Upload | None = None

    def upload(self, windows: Windows, gpu: Gpu) -> Tensor:
        if self._upload is not None:
            self._upload.wait()
        for row, window_THWC in enumerate(windows):
            np.copyto(self.pixels[row], window_THWC)
        self._upload = gpu.upload(self._host[: len(windows)])
        return self._upload.pixels


def start(network: Network, options: Options) -> Backbone:
    """The network on the GPU if there is one, else the reference. Raises FetchError."""
    with locked(options.cache / network.id):
        weights = network.weights(options.cache).path
    if torch_device(options) == "cuda":
        return TorchOnGpu(network, weights, Cuda(), options.compile)
    return Torch(network, weights)
