"""How a backbone is run: OpenVINO in bf16 or int8 on CPUs, torch as the reference and on CUDA.

Both take uint8 RGB windows and give float32 features. torch is imported only where it runs them.

Shapes: B windows, T frames, H height, W width, C colours, D dimensions.
"""

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from services.features.backbones import int8, ir
from services.features.backbones.base import (
    Backbone,
    Network,
    Options,
    Pixels,
    Vectors,
    check,
    locked,
)
from services.features.backbones.convert import elsewhere
from services.features.backbones.ir import Compiled, Precision, chosen, computes_bf16
from services.features.weights import FetchError, Weights

log = logging.getLogger(__name__)


class Engine:
    """What every engine says about itself."""

    def __init__(self, network: Network) -> None:
        self.id, self.window = network.id, network.window
        self.frames, self.size, self.dim = network.frames, network.size, network.dim


class OpenVINO(Engine):
    """One window a call at a fixed shape: on CPUs larger batches gain nothing (see READMEs)."""

    def __init__(
        self,
        network: Network,
        model: Path,
        threads: int = 0,
        precision: Precision | None = None,
    ) -> None:
        super().__init__(network)
        self._compiled = Compiled(model, threads, precision)
        self.precision = self._compiled.precision

    def embed(self, windows_BTHWC: Pixels) -> Vectors:
        check(windows_BTHWC, self.frames, self.size)
        vectors_BD = np.empty((len(windows_BTHWC), self.dim), np.float32)
        for row, window_THWC in enumerate(windows_BTHWC):
            vectors_BD[row] = self._compiled(np.ascontiguousarray(window_THWC[None]))[0]
        return vectors_BD


class Torch(Engine):
    """The reference: float32 on CPUs; bf16, and compiled if wished, on CUDA."""

    def __init__(
        self, network: Network, weights: Path, device: str = "cpu", compiled: bool = False
    ) -> None:
        import torch

        super().__init__(network)
        self.device, self.compiled = device, compiled
        self.precision = "f32" if device == "cpu" else "bf16"
        model = network.model(weights).to(device).to(memory_format=torch.channels_last_3d)
        self._model: Callable[..., Any] = model
        if compiled:
            self._model = torch.compile(model, dynamic=True)
            self._compile()

    def embed(self, windows_BTHWC: Pixels) -> Vectors:
        import torch

        check(windows_BTHWC, self.frames, self.size)
        pixels = torch.from_numpy(np.ascontiguousarray(windows_BTHWC)).to(self.device)
        halved = torch.autocast(self.device, torch.bfloat16, enabled=self.precision == "bf16")
        with torch.inference_mode(), halved:
            vectors: Vectors = self._model(pixels).float().cpu().numpy()
        return vectors

    def _compile(self) -> None:
        """Now, not when the first clips wait: once for a batch of one and once for all others."""
        for batch in (1, 2):
            self.embed(np.zeros((batch, self.frames, self.size, self.size, 3), np.uint8))


def start(network: Network, options: Options) -> Backbone:
    """The fastest exact-enough engine of this machine. Raises FetchError."""
    device = torch_device(options)
    with locked(options.cache / network.id):
        weights = network.weights(options.cache)
        if device:
            return Torch(network, weights.path, device, device == "cuda" and options.compile)
        return on_cpu(network, weights, options)


def on_cpu(network: Network, weights: Weights, options: Options) -> OpenVINO:
    """By OpenVINO, in the precision that is wished for or suits this CPU. Raises FetchError."""
    precision = chosen(options.precision, network.highs is not None, computes_bf16())
    model = converted(network, weights)
    if precision == "int8":
        model = quantized(network, weights, model)
    log.info("%s is computed by OpenVINO in %s", network.id, precision)
    return OpenVINO(network, model, options.threads, precision)


def converted(network: Network, weights: Weights) -> Path:
    """The network in OpenVINO's own format, made once for these weights."""
    return ir.ensure(network.id, weights, partial(elsewhere, network.id, weights.path))


def quantized(network: Network, weights: Weights, model: Path) -> Path:
    """The converted network in int8, made once for these weights and ranges. Raises FetchError."""
    if network.highs is None:
        raise FetchError(f"{network.id} is not to be had in int8")
    made_of = Weights(model, int8.digest(weights.sha256, network.highs))
    return ir.ensure(f"{network.id}-int8", made_of, partial(int8.convert, model, network.highs))


def torch_device(options: Options) -> str | None:
    """Where torch runs the networks; None where OpenVINO does."""
    if options.engine != "openvino" and gpu():
        return "cuda"
    return "cpu" if options.engine == "torch" else None


def gpu() -> bool:
    """Whether torch can use an NVIDIA GPU; does not import torch where there is no driver."""
    if not Path("/dev/nvidiactl").exists():
        return False
    try:
        import torch
    except ImportError:
        log.warning("there is a GPU here, but torch is not installed")
        return False
    return torch.cuda.is_available()
