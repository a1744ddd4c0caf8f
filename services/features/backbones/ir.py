"""Models in OpenVINO's own format: made once for one file of weights, compiled at every start."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from services.features.backbones.silent_openvino import ov
from services.features.weights import Weights

VERSION = 1
"""Part of the name of a converted model: raise it when conversion changes."""


def ensure(name: str, weights: Weights, convert: Callable[[Path], None]) -> Path:
    """The converted model beside its weights; one that was made of other weights goes.

    `convert` writes .xml and .bin. The .bin is put there first: an .xml says that all is there.
    """
    folder = weights.path.parent
    ir = folder / f"{name}-{weights.sha256[:12]}-ir-{VERSION}.xml"
    if not ir.exists():
        part = folder / f"part-{name}.xml"
        convert(part)
        for old in folder.glob(f"{name}-*-ir-*"):
            old.unlink()
        part.with_suffix(".bin").replace(ir.with_suffix(".bin"))
        part.replace(ir)
    return ir


class Compiled:
    """A model compiled for this machine's CPU; one request at a time."""

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

    def __call__(self, pixels: Any) -> Any:
        """Its only output for its only input."""
        return self._request.infer({0: ov.Tensor(pixels, shared_memory=True)})[0]


def _best_precision(core: ov.Core) -> str:
    """bf16 where the CPU computes in it; elsewhere it would only be emulated."""
    return "bf16" if "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "f32"
