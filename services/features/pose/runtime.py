"""Runs YOLOv8-pose: OpenVINO in bf16 on CPUs, torch as the reference and on CUDA.

Both take canvases of any size (multiples of 32) and say the same (see README for how closely).
"""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from services.features.backbones import ir
from services.features.backbones.base import locked, torch_device
from services.features.backbones.ir import Compiled, Precision, chosen, computes_bf16
from services.features.backbones.silent_openvino import ov
from services.features.pose.base import ID, PoseNetwork, PoseOptions
from services.features.pose.letterbox import Floats, Pixels
from services.features.pose.silent_ultralytics import quiet
from services.features.pose.weights import Size, read
from services.features.weights import Weights
from services.features.weights.store import ensure

if TYPE_CHECKING:
    from services.features.pose.network import PixelsToPlaces


class OpenVINO:
    """One frame a call: on CPUs larger batches gain nothing."""

    def __init__(self, model: Path, threads: int = 0, precision: Precision | None = None) -> None:
        self._compiled = Compiled(model, threads, precision)
        self.precision = self._compiled.precision

    def places(self, canvases_BHWC: Pixels) -> Floats:
        frames = (np.ascontiguousarray(canvas_HWC[None]) for canvas_HWC in canvases_BHWC)
        return np.concatenate([self._compiled(frame) for frame in frames])


class Torch:
    """The reference: float32 on CPUs, float16 on CUDA."""

    def __init__(self, network: "PixelsToPlaces", device: str = "cpu") -> None:
        self._device = device
        self._network = network.to(device)

    def places(self, canvases_BHWC: Pixels) -> Floats:
        import torch

        canvases = torch.from_numpy(np.ascontiguousarray(canvases_BHWC)).to(self._device)
        on_gpu = self._device != "cpu"
        with torch.inference_mode(), torch.autocast(self._device, torch.float16, enabled=on_gpu):
            places: Floats = self._network(canvases).float().cpu().numpy()
        return places


def load(options: PoseOptions) -> PoseNetwork:
    """The fastest exact-enough engine of this machine.

    Raises PoseUnavailable without the extra `pose`, FetchError without weights.
    """
    quiet()
    run, size = options.run, options.model
    device = torch_device(run)
    with locked(run.cache / ID):
        found = ensure(run.cache, ID, f"yolov8{size}-pose.pt")
        if device:
            return Torch(_network(found.path, size), device)
        precision = chosen(run.precision, False, computes_bf16())
        return OpenVINO(converted(found, size), run.threads, precision)


def converted(found: Weights, size: Size) -> Path:
    """The network in OpenVINO's own format, made once for these weights."""

    def convert(part: Path) -> None:
        ov.save_model(_convert(_network(found.path, size)), part, compress_to_fp16=False)

    return ir.ensure(f"yolov8{size}-pose", found, convert)


def _convert(network: "PixelsToPlaces") -> ov.Model:
    import torch

    canvas = torch.zeros(1, 256, 448, 3, dtype=torch.uint8)
    with warnings.catch_warnings():
        # Tracing warns of a comparison in Ultralytics' layers that no canvas changes.
        warnings.simplefilter("ignore")
        return ov.convert_model(network, example_input=canvas, input=[[-1, -1, -1, 3]])


def _network(found: Path, model: Size) -> "PixelsToPlaces":
    from services.features.pose.network import build

    return build(model, read(found))
