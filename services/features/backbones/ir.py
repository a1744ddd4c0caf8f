"""Models in OpenVINO's own format: made once for one file of weights, compiled at every start."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

from services.features.backbones.silent_openvino import ov
from services.features.weights import Weights

AT_ONCE = 4
"""More than so many windows at once would each be late, and a batch on a CPU has eight."""
VERSION = 1
"""Part of the name of a converted model: raise it when conversion changes."""

Precision = Literal["f32", "bf16", "int8"]
Wish = Literal["auto", "f32", "bf16", "int8"]


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
    """A model compiled for this machine's CPU; one request at a time, with all threads."""

    def __init__(self, ir: Path, threads: int = 0, precision: Precision | None = None) -> None:
        core = ov.Core()
        self.precision: Precision = precision or chosen("auto", False, computes_bf16(core))
        model = compiled(core, ir, 1, threads, self.precision)
        self._request = model.create_infer_request()

    def __call__(self, pixels: Any) -> Any:
        """Its only output for its only input."""
        return self._request.infer({0: ov.Tensor(pixels, shared_memory=True)})[0]


class SideBySide:
    """A model of which several requests run at once, each with its share of the threads.

    Threads of one request wait for each other after every layer: whatever else a core has to do
    stops them all. Of several requests it stops one (ADR 0056).
    """

    def __init__(self, ir: Path, threads: int, precision: Precision) -> None:
        at_once = min(AT_ONCE, threads or len(os.sched_getaffinity(0)))
        self._queue = ov.AsyncInferQueue(compiled(ov.Core(), ir, at_once, threads, precision))
        self._queue.set_callback(_keep)
        self.at_once = len(self._queue)

    def __call__(self, inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
        """Put the only output for each input into the array of the same place."""
        for pixels, output in zip(inputs, outputs, strict=True):
            self._queue.start_async({0: ov.Tensor(pixels, shared_memory=True)}, output)
        self._queue.wait_all()


def _keep(request: Any, output: Any) -> None:
    output[:] = request.get_output_tensor(0).data


def compiled(core: ov.Core, ir: Path, at_once: int, threads: int, precision: Precision) -> Any:
    """For one request that is to be answered soon, or so many at once."""
    hints: dict[str, Any] = {
        "PERFORMANCE_HINT": "LATENCY" if at_once == 1 else "THROUGHPUT",
        "NUM_STREAMS": at_once,
        # In an int8 model the bytes are part of the model; what is left is exact.
        "INFERENCE_PRECISION_HINT": "f32" if precision == "int8" else precision,
    }
    if threads:
        hints["INFERENCE_NUM_THREADS"] = threads
    return core.compile_model(str(ir), "CPU", hints)


def chosen(wish: Wish, has_int8: bool, has_bf16: bool) -> Precision:
    """What a network is computed in (ADR 0009).

    `auto` is bf16 where the CPU gains by it, else int8 where the network has it, else f32.
    Where int8 is wished for and the network does not have it, it is as `auto`: a machine has one
    setting, and several networks.
    """
    if wish == "auto" or (wish == "int8" and not has_int8):
        return "bf16" if has_bf16 else "int8" if has_int8 else "f32"
    return wish


def computes_bf16(core: ov.Core | None = None, cpu: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether the CPU computes in bf16, and gains by it; elsewhere it would only be emulated.

    Intel's without AMX (or behind a hypervisor that hides it) do so more slowly than in f32.
    """
    capabilities = (core or ov.Core()).get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return "BF16" in capabilities and not _is_intel_without_amx(cpu)


def _is_intel_without_amx(cpu: Path) -> bool:
    try:
        described = cpu.read_text()
    except OSError:
        return False
    return "GenuineIntel" in described and "amx_bf16" not in described
