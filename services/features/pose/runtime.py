"""Runs YOLOv8-pose: OpenVINO in bf16 on CPUs, torch as the reference and on CUDA.

Both take canvases of any size (multiples of 32) and say the same (see README for how closely).
"""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from services.features.backbones.base import locked
from services.features.backbones.silent_openvino import ov
from services.features.pose import weights
from services.features.pose.base import ID, PoseNetwork, PoseOptions
from services.features.pose.letterbox import Floats, Pixels
from services.features.pose.silent_ultralytics import quiet
from services.features.pose.weights import Size
from services.features.weights.store import checksum

if TYPE_CHECKING:
    from services.features.pose.network import PixelsToPlaces

IR = "ir-1.xml"


class OpenVINO:
    """One frame a call: on CPUs larger batches gain nothing."""

    def __init__(self, ir: Path, threads: int = 0, precision: str | None = None) -> None:
        core = ov.Core()
        self.precision = precision or _best_precision(core)
        hints: dict[str, Any] = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": self.precision,
        }
        if threads:
            hints["INFERENCE_NUM_THREADS"] = threads
        self._request = core.compile_model(str(ir), "CPU", hints).create_infer_request()

    def places(self, canvases_BHWC: Pixels) -> Floats:
        frames = (np.ascontiguousarray(canvas_HWC[None]) for canvas_HWC in canvases_BHWC)
        return np.concatenate([self._request.infer({0: frame})[0] for frame in frames])


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

    Raises PoseUnavailable without the extra `pose`, WeightsMissing without weights.
    """
    quiet()
    folder = options.run.cache / ID
    on_gpu = options.run.engine != "openvino" and _gpu()
    with locked(folder):
        found = weights.find(folder, options.model)
        if options.run.engine == "torch" or on_gpu:
            return Torch(_network(found, options.model), "cuda" if on_gpu else "cpu")
        return OpenVINO(_ensure_ir(found, options.model), options.run.threads)


def _ensure_ir(found: Path, model: Size) -> Path:
    """The network in OpenVINO's own format, made once for these weights.

    The .bin goes first: .xml says it is whole.
    """
    ir = found.with_name(f"{found.stem}-{checksum(found)[:12]}-{IR}")
    if not ir.exists():
        part = found.with_name(f"part-{ir.name}")
        ov.save_model(_convert(_network(found, model)), part, compress_to_fp16=False)
        part.with_suffix(".bin").replace(ir.with_suffix(".bin"))
        part.replace(ir)
    return ir


def _convert(network: "PixelsToPlaces") -> ov.Model:
    import torch

    canvas = torch.zeros(1, 256, 448, 3, dtype=torch.uint8)
    with warnings.catch_warnings():
        # Tracing warns of a comparison in Ultralytics' layers that no canvas changes.
        warnings.simplefilter("ignore")
        return ov.convert_model(network, example_input=canvas, input=[[-1, -1, -1, 3]])


def _network(found: Path, model: Size) -> "PixelsToPlaces":
    from services.features.pose.network import build

    return build(model, weights.read(found))


def _best_precision(core: ov.Core) -> str:
    """bf16 where the CPU computes in it; elsewhere it would only be emulated."""
    return "bf16" if "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "f32"


def _gpu() -> bool:
    """Whether torch can use an NVIDIA GPU."""
    import torch

    return Path("/dev/nvidiactl").exists() and torch.cuda.is_available()
