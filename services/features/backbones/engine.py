"""How a backbone is run by OpenVINO, in bf16 or int8 on CPUs; torch_engine is the reference, and
runs it on CUDA.

Both take uint8 RGB windows and give float32 features. Each is imported only where it runs.

Shapes: B windows, T frames, H height, W width, C colours, D dimensions.
"""

import logging
from functools import partial
from pathlib import Path

import numpy as np

from services.features.backbones import int8, ir
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
from services.features.backbones.convert import elsewhere
from services.features.backbones.ir import (
    Compiled,
    Precision,
    SideBySide,
    chosen,
    computes_bf16,
)
from services.features.weights import FetchError, Weights

log = logging.getLogger(__name__)


class OpenVINO(Engine):
    """One window a request at a fixed shape: on CPUs larger batches gain nothing (see READMEs).

    A window alone has all threads; of more, as many as run side by side do so, and what is left
    over goes one after another.
    """

    def __init__(
        self,
        network: Network,
        model: Path,
        threads: int = 0,
        precision: Precision | None = None,
    ) -> None:
        super().__init__(network)
        self._alone = Compiled(model, threads, precision)
        self.precision = self._alone.precision
        self._many = SideBySide(model, threads, self.precision)
        self.at_once = self._many.at_once

    def embed(self, windows_BTHWC: Windows) -> Vectors:
        check(windows_BTHWC, self.frames, self.size)
        vectors_BD = np.empty((len(windows_BTHWC), self.dim), np.float32)
        inputs = [np.ascontiguousarray(window_THWC[None]) for window_THWC in windows_BTHWC]
        whole = len(inputs) - len(inputs) % self._many.at_once if len(inputs) > 1 else 0
        self._many(inputs[:whole], list(vectors_BD[:whole, None]))
        for row in range(whole, len(inputs)):
            vectors_BD[row] = self._alone(inputs[row])[0]
        return vectors_BD


def start(network: Network, options: Options) -> Backbone:
    """The network on this machine's CPU. Raises FetchError."""
    with locked(options.cache / network.id):
        weights = network.weights(options.cache)
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


def described(options: Options, has_int8: bool) -> str:
    """Which engine runs a network here and what it computes in, in words."""
    if device := torch_device(options):
        return f"torch on {device} in {'f32' if device == 'cpu' else 'bf16'}"
    return f"OpenVINO in {chosen(options.precision, has_int8, computes_bf16())}"
