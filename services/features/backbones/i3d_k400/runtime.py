"""Runs I3D: OpenVINO in bf16 on CPUs, torch as the reference and on CUDA.

Both take uint8 RGB windows of 32 frames (two clips of 16), 224 x 224, and give the 1024-d pooled
feature. torch is imported only to convert the model once, or where torch runs it.
"""

import logging
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from services.features.backbones.base import (
    Backbone,
    Options,
    Pixels,
    Vectors,
    check,
    locked,
)
from services.features.backbones.i3d_k400 import checkpoint
from services.features.backbones.silent_openvino import ov

if TYPE_CHECKING:
    from services.features.backbones.i3d_k400.model import PixelsToFeature

ID = "i3d_k400"
WINDOW = 2
FRAMES = 32
SIZE = 224
DIM = 1024
IR = "i3d_k400-ir-1.xml"


class _I3D:
    """What both engines say about themselves."""

    id = ID
    window = WINDOW
    frames = FRAMES
    size = SIZE
    dim = DIM


class OpenVINO(_I3D):
    """One window a call at a fixed shape: on CPUs larger batches gain nothing (see README)."""

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

    def embed(self, windows_BTHWC: Pixels) -> Vectors:
        check(windows_BTHWC, FRAMES, SIZE)
        vectors_BD = np.empty((len(windows_BTHWC), DIM), np.float32)
        for row, window_THWC in enumerate(windows_BTHWC):
            tensor = ov.Tensor(np.ascontiguousarray(window_THWC[None]), shared_memory=True)
            vectors_BD[row] = self._request.infer({0: tensor})[0][0]
        return vectors_BD


class Torch(_I3D):
    """The reference: float32 on CPUs, bf16 on CUDA."""

    def __init__(self, weights: Path, device: str = "cpu") -> None:
        self._device = device
        self._model = _with_weights(weights).to(device)

    def embed(self, windows_BTHWC: Pixels) -> Vectors:
        import torch

        check(windows_BTHWC, FRAMES, SIZE)
        pixels = torch.from_numpy(np.ascontiguousarray(windows_BTHWC)).to(self._device)
        on_gpu = self._device != "cpu"
        with torch.inference_mode(), torch.autocast(self._device, torch.bfloat16, enabled=on_gpu):
            vectors: Vectors = self._model(pixels).float().cpu().numpy()
        return vectors


def load(options: Options) -> Backbone:
    """The fastest exact-enough engine of this machine. Raises FetchError (see checkpoint)."""
    folder = options.cache / ID
    engine = options.engine
    on_gpu = engine != "openvino" and _gpu()
    with locked(folder):
        if engine == "torch" or on_gpu:
            return Torch(checkpoint.ensure(folder), "cuda" if on_gpu else "cpu")
        return OpenVINO(_ensure_ir(folder), options.threads)


def _ensure_ir(folder: Path) -> Path:
    """The model in OpenVINO's own format, made once. The .bin goes first: .xml says it is whole."""
    ir = folder / IR
    if not ir.exists():
        part = folder / f"part-{IR}"
        ov.save_model(_convert(checkpoint.ensure(folder)), part, compress_to_fp16=False)
        part.with_suffix(".bin").replace(ir.with_suffix(".bin"))
        part.replace(ir)
    return ir


def _convert(weights: Path) -> ov.Model:
    import torch

    model = _with_weights(weights)
    pixels = torch.zeros(1, FRAMES, SIZE, SIZE, 3, dtype=torch.uint8)
    with warnings.catch_warnings():
        # Tracing warns that the padding is fixed for this shape. It is meant to be.
        warnings.simplefilter("ignore")
        return ov.convert_model(model, example_input=pixels, input=[list(pixels.shape)])


def _with_weights(weights: Path) -> "PixelsToFeature":
    from safetensors.torch import load_file

    from services.features.backbones.i3d_k400.model import I3D, PixelsToFeature

    network = I3D()
    network.load_state_dict(load_file(weights))
    return PixelsToFeature(network).eval()


def _best_precision(core: ov.Core) -> str:
    """bf16 where the CPU computes in it; elsewhere it would only be emulated."""
    return "bf16" if "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "f32"


def _gpu() -> bool:
    """Whether torch can use an NVIDIA GPU; does not import torch where there is no driver."""
    if not Path("/dev/nvidiactl").exists():
        return False
    try:
        import torch
    except ImportError:
        logging.getLogger(__name__).warning("there is a GPU here, but torch is not installed")
        return False
    return torch.cuda.is_available()
