"""int8: what becomes a byte, that the numbers hold, and who computes in it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from services.features.backbones import int8, ir
from services.features.backbones.base import Network
from services.features.backbones.i3d_k400 import runtime
from services.features.backbones.i3d_k400.model import I3D
from services.features.backbones.observing import Observing
from services.features.backbones.silent_openvino import ops, ov
from services.features.weights import FetchError, Weights

SHAPE = (1, 4, 16, 16, 3)
PLACES = ("a", "b", "c", "d")


def network(weight: float | None = None) -> ov.Model:
    """a, then b and c beside one another, joined and pooled, then d; seeded, or all of one weight.

    Its pixels come as bytes in the last dimension, like those of a backbone.
    """
    rng = np.random.default_rng(3)

    def unit(x: ov.Output, name: str, c_in: int, c_out: int) -> ov.Output:
        shape = (c_out, c_in, 1, 3, 3)
        drawn = (
            rng.normal(0, (c_in * 9) ** -0.5, shape) if weight is None else np.full(shape, weight)
        )
        kernel = ops.constant(drawn.astype(np.float32))
        conv = ops.convolution(x, kernel, [1, 1, 1], [0, 1, 1], [0, 1, 1], [1, 1, 1])
        conv.set_friendly_name(f"__module.network.{name}.conv/aten::_convolution/Convolution")
        return ops.relu(conv).output(0)

    pixels = ops.parameter(SHAPE, np.uint8)
    x = ops.transpose(ops.convert(pixels, "f32"), np.array([0, 4, 1, 2, 3]))
    x = ops.subtract(ops.divide(x, np.float32(127.5)), np.float32(1.0)).output(0)
    x = unit(x, "a", 3, 16)
    x = ops.concat([unit(x, "b", 16, 16), unit(x, "c", 16, 16)], 1).output(0)
    x = ops.max_pool(x, [1, 2, 2], [1, 1, 1], [0] * 3, [0] * 3, [1, 2, 2]).output(0)
    x = unit(x, "d", 32, 8)
    return ov.Model([ops.reduce_mean(x, np.array([2, 3, 4]))], [pixels], "small")


def outputs(model: ov.Model, pixels: np.ndarray) -> list[np.ndarray]:
    compiled = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    found = compiled.create_infer_request().infer({0: pixels})
    return [found[k].copy() for k in range(len(compiled.outputs))]


def highs_of(model: ov.Model, pixels: np.ndarray) -> dict[str, float]:
    watched, names = int8.observed(model)
    return dict(zip(names, map(float, outputs(watched, pixels)[1:]), strict=True))


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, SHAPE, dtype=np.uint8)


def test_every_convolution_computes_in_int8_and_gives_nearly_the_same(pixels: np.ndarray) -> None:
    exact = outputs(network(), pixels)[0]
    model = network()
    int8.quantize(model, highs_of(network(), pixels))
    compiled = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    kinds = [
        str(node.get_rt_info()["runtimePrecision"].astype(str))
        for node in compiled.get_runtime_model().get_ops()
        if node.get_rt_info()["layerType"].astype(str) == "Convolution"
    ]
    assert len(kinds) == len(PLACES)
    assert set(kinds) <= {"u8", "i8"}
    found = compiled.create_infer_request().infer({0: pixels})[0]
    assert found == pytest.approx(exact, rel=0.05, abs=0.01)


def test_observing_leaves_the_output_and_names_each_convolution(pixels: np.ndarray) -> None:
    watched, names = int8.observed(network())
    assert sorted(names) == list(PLACES)
    first, *highs = outputs(watched, pixels)
    assert first == pytest.approx(outputs(network(), pixels)[0], abs=1e-6)
    assert highs[names.index("a")] == pytest.approx(1.0, abs=1e-5)
    assert highs[names.index("b")] == highs[names.index("c")]


def small(folder: Path) -> tuple[Network, Path]:
    """The network as a backbone, and its file."""

    def refused(_: Path) -> NoReturn:
        raise AssertionError("nothing but the converted network is needed")

    model = folder / "small.xml"
    ov.save_model(network(), model, compress_to_fp16=False)
    return Network("small", 1, SHAPE[1], SHAPE[2], 8, weights=refused, model=refused), model


def test_ranges_are_means_over_the_windows_that_were_seen(
    tmp_path: Path, pixels: np.ndarray
) -> None:
    described, model = small(tmp_path)
    watching = Observing(described, model)
    with pytest.raises(ValueError, match="no window"):
        _ = watching.highs
    grey = np.full(SHAPE, 128, np.uint8)
    vectors = watching.embed(np.concatenate([pixels, grey]))
    assert vectors[0] == pytest.approx(outputs(network(), pixels)[0][0], abs=1e-6)
    lively, dull = highs_of(network(), pixels), highs_of(network(), grey)
    expected = {name: (lively[name] + dull[name]) / 2 for name in PLACES}
    assert watching.highs == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    ("highs", "named"),
    [({}, "a"), (dict.fromkeys("abc", 1.0), "d"), (dict.fromkeys("abcde", 1.0), "e")],
)
def test_ranges_of_another_network_are_refused(highs: dict[str, float], named: str) -> None:
    with pytest.raises(ValueError, match=f"another network.*{named}"):
        int8.quantize(network(), highs)


@given(
    arrays(np.float32, (3, 2, 1, 2, 2), elements=st.floats(-8, 8, width=32, allow_subnormal=False))
)
def test_weights_are_within_half_a_step_of_what_they_were(weight: np.ndarray) -> None:
    whole, step = int8.seven_bits(weight)
    assert np.abs(whole.astype(int)).max() <= int8.WEIGHT_TOP
    assert np.all(np.abs(whole * step - weight) <= step * 0.501)


def test_a_cpu_without_vnni_gives_the_same_numbers(tmp_path: Path) -> None:
    """It adds pairs of products in 16 bits. At the most that can come, nothing may overflow."""
    white = np.full(SHAPE, 255, np.uint8)
    model = network(weight=1.0)
    int8.quantize(model, highs_of(network(weight=1.0), white))
    ov.save_model(model, tmp_path / "full.xml", compress_to_fp16=False)
    code = (
        "import sys, numpy as np; from services.features.backbones.ir import Compiled\n"
        "compiled = Compiled(sys.argv[1], precision='int8')\n"
        f"print(compiled(np.full({SHAPE}, 255, np.uint8)).tolist())"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "full.xml")]
    plain = {**os.environ, "ONEDNN_MAX_CPU_ISA": "AVX2"}
    done = [
        subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        for environment in (plain, dict(os.environ))
    ]
    avx2, best = (json.loads(run.stdout) for run in done)
    assert avx2[0] == pytest.approx(best[0], rel=1e-5)
    assert avx2[0] == pytest.approx(outputs(network(weight=1.0), white)[0][0], rel=0.02)


@pytest.mark.parametrize(
    ("wish", "has_int8", "has_bf16", "precision"),
    [
        ("auto", True, True, "bf16"),
        ("auto", True, False, "int8"),
        ("auto", False, False, "f32"),
        ("auto", False, True, "bf16"),
        ("f32", True, True, "f32"),
        ("bf16", True, False, "bf16"),
        ("int8", True, True, "int8"),
        ("int8", False, True, "bf16"),
        ("int8", False, False, "f32"),
    ],
)
def test_the_precision_is_the_fastest_that_cpu_and_network_have(
    wish: ir.Wish, has_int8: bool, has_bf16: bool, precision: str
) -> None:
    assert ir.chosen(wish, has_int8, has_bf16) == precision


def test_the_committed_ranges_are_those_of_the_backbone() -> None:
    highs = runtime.NETWORKS["i3d_k400"].highs
    assert highs is not None
    measured: dict[str, float] = json.loads(highs.read_text())["highs"]
    modules = dict(I3D().named_modules())
    convolutions = {name.removesuffix(".conv") for name in modules if name.endswith(".conv")}
    assert measured.keys() == convolutions
    assert min(measured.values()) > 0


def test_other_weights_or_ranges_make_another_file(tmp_path: Path, pixels: np.ndarray) -> None:
    source, highs = small(tmp_path)[1], tmp_path / "highs.json"
    measured = highs_of(network(), pixels)

    def made(scale: float) -> Path:
        highs.write_text(json.dumps({"highs": {k: v * scale for k, v in measured.items()}}))
        weights = Weights(source, int8.digest("weights", highs))
        return ir.ensure("small-int8", weights, lambda part: int8.convert(source, highs, part))

    first = made(1.0)
    assert made(1.0) == first
    other = made(2.0)
    assert other != first
    assert not first.exists()
    assert source.exists()


def test_ranges_that_do_not_fit_are_said_with_the_name_of_the_model(tmp_path: Path) -> None:
    source, highs = small(tmp_path)[1], tmp_path / "highs.json"
    highs.write_text('{"highs": {}}')
    with pytest.raises(FetchError, match="small cannot be had in int8"):
        int8.convert(source, highs, tmp_path / "int8.xml")


class BFloat16Core:
    """Of OpenVINO's core what is asked about bf16."""

    def __init__(self, *capabilities: str) -> None:
        self._capabilities = list(capabilities)

    def get_property(self, device: str, name: str) -> list[str]:
        assert (device, name) == ("CPU", "OPTIMIZATION_CAPABILITIES")
        return self._capabilities


@pytest.mark.parametrize(
    ("capabilities", "cpu", "gains"),
    [
        (("FP32", "BF16"), "vendor_id : GenuineIntel\nflags : avx512_bf16 amx_bf16\n", True),
        (("FP32", "BF16"), "vendor_id : GenuineIntel\nflags : avx512_bf16\n", False),
        (("FP32", "BF16"), "vendor_id : AuthenticAMD\nflags : avx512_bf16\n", True),
        (("FP32", "INT8"), "vendor_id : GenuineIntel\nflags : avx2\n", False),
        (("FP32", "BF16"), None, True),
    ],
)
def test_bf16_is_taken_where_the_cpu_gains_by_it(
    tmp_path: Path, capabilities: tuple[str, ...], cpu: str | None, gains: bool
) -> None:
    described = tmp_path / "cpuinfo"
    if cpu is not None:
        described.write_text(cpu)
    assert ir.computes_bf16(BFloat16Core(*capabilities), described) is gains
