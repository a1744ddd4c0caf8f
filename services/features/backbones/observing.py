"""A backbone that notes how high its activations rise: what its int8 network is made of."""

from pathlib import Path
from statistics import fmean

import numpy as np

from services.features.backbones import int8
from services.features.backbones.base import Engine, Network, Vectors, Windows
from services.features.backbones.silent_openvino import ov


class Observing(Engine):
    """Embeds in float32, window by window. `highs` says what it saw."""

    def __init__(self, network: Network, model: Path, threads: int = 0) -> None:
        super().__init__(network)
        watched, self._names = int8.observed(ov.Core().read_model(model))
        hints = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads}
        self._request = ov.Core().compile_model(watched, "CPU", hints).create_infer_request()
        self._seen: list[list[float]] = []

    def embed(self, windows_BTHWC: Windows) -> Vectors:
        vectors_BD = np.empty((len(windows_BTHWC), self.dim), np.float32)
        for row, window_THWC in enumerate(windows_BTHWC):
            outputs = self._request.infer({0: np.ascontiguousarray(window_THWC[None])})
            vectors_BD[row] = outputs[0][0]
            self._seen.append([float(outputs[1 + k]) for k in range(len(self._names))])
        return vectors_BD

    @property
    def highs(self) -> dict[str, float]:
        """Mean over the windows of how high the input of each convolution rose.

        Not the highest of all: one window's outlier would cost every other window its precision.
        """
        if not self._seen:
            raise ValueError("no window was seen")
        means = map(fmean, zip(*self._seen, strict=True))
        return {name: round(mean, 3) for name, mean in zip(self._names, means, strict=True)}
