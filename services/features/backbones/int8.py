"""A network's convolutions in int8, for CPUs that do not compute in bf16 (ADR 0009).

How high every activation rises is measured once on footage and committed beside the network; the
weights carry their own range. So each machine makes the same int8 network of the weights alone,
without footage and without a calibration library.

Shapes: K channels a convolution gives, C those it takes, T H W its kernel.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.features.backbones.silent_openvino import ops, ov
from services.features.weights import FetchError

WEIGHT_TOP = 63
"""Weights use seven of eight bits: without VNNI the CPU adds two products of a byte and a weight in
16 bits, and 2 x 255 x 64 is the most that fits (measured: cosine .95 at 127, .996 at 63)."""
VERSION = 1
"""Raise it when the same ranges give another network."""
PASSES_ON = ("Concat", "MaxPool", "Pad")
"""These do not change how high their input rises."""

Highs = Mapping[str, float]
"""Name of a convolution -> how high its input rises."""


def convert(source: Path, highs: Path, target: Path) -> None:
    """Write the .xml and .bin of a converted network in int8. Raises FetchError."""
    model = ov.Core().read_model(source)
    try:
        quantize(model, json.loads(highs.read_text())["highs"])
    except ValueError as error:
        raise FetchError(f"{source.stem} cannot be had in int8: {error}") from error
    ov.save_model(model, target, compress_to_fp16=False)


def digest(weights_sha256: str, highs: Path) -> str:
    """Changes whenever the int8 network does."""
    made_of = f"{VERSION} {weights_sha256} {highs.read_text()}"
    return hashlib.sha256(made_of.encode()).hexdigest()


def quantize(model: ov.Model, highs: Highs) -> None:
    """Change a network of convolutions and ReLUs so that OpenVINO computes it in int8.

    Raises ValueError when `highs` does not name exactly the convolutions of the network.
    """
    convolutions = {name_of(node): node for node in _convolutions(model)}
    if convolutions.keys() != highs.keys():
        different = ", ".join(sorted(convolutions.keys() ^ highs.keys())[:3])
        raise ValueError(f"the ranges are of another network (they differ in {different})")
    for node in model.get_ordered_ops():
        if node.get_type_name() == "Relu":
            _bytes_after(node, highs)
    for name, node in convolutions.items():
        if not _is_quantized(node.input_value(0)):
            _signed_bytes_before(node, highs[name])
        _bytes_as_weights(node)
    model.validate_nodes_and_infer_types()


def observed(model: ov.Model) -> tuple[ov.Model, list[str]]:
    """The network with one more output a convolution: the highest magnitude of its input.

    The names are in the order of the outputs, behind those that it had.
    """
    convolutions = list(_convolutions(model))
    axes = np.arange(5)
    extra = [
        ops.result(ops.reduce_max(ops.abs(node.input_value(0)), axes)) for node in convolutions
    ]
    watched = ov.Model(model.get_results() + extra, model.get_parameters(), "observed")
    return watched, [name_of(node) for node in convolutions]


def name_of(convolution: ov.Node) -> str:
    """The place of a layer in the network's modules, as in `trunk.5.branch_1.0`."""
    path: str = convolution.get_friendly_name().split("/")[0]
    return path.removeprefix("__module.").removeprefix("network.").removesuffix(".conv")


def seven_bits(weight_KCTHW: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Whole numbers up to WEIGHT_TOP, and the step of each channel [K, 1, 1, 1, 1]."""
    flat_KN = np.abs(weight_KCTHW).reshape(len(weight_KCTHW), -1)
    step_K1111 = (flat_KN.max(axis=1) / WEIGHT_TOP).reshape(-1, 1, 1, 1, 1).astype(np.float32)
    step_K1111[step_K1111 == 0] = 1.0
    return np.rint(weight_KCTHW / step_K1111).astype(np.int8), step_K1111


def _bytes_after(relu: ov.Node, highs: Highs) -> None:
    """All that meets in one convolution gets one range, so that joining needs no arithmetic."""
    readers = [name_of(node) for node in _readers(relu.output(0))]
    if readers:
        high = max(highs[name] for name in readers)
        inputs = relu.output(0).get_target_inputs()
        _redirect(inputs, _fake_quantize(relu.output(0), 0.0, high))


def _signed_bytes_before(convolution: ov.Node, high: float) -> None:
    """What comes from no ReLU has both signs, and a zero of its own for what is padded."""
    quantized = _fake_quantize(convolution.input_value(0), -high * 128 / 127, high)
    _redirect([convolution.input(0)], quantized)


def _bytes_as_weights(convolution: ov.Node) -> None:
    whole, step = seven_bits(convolution.input_value(1).get_node().data)
    weights = ops.multiply(ops.convert(ops.constant(whole), "f32"), ops.constant(step))
    _redirect([convolution.input(1)], weights)


def _readers(output: ov.Output) -> Iterator[ov.Node]:
    """The convolutions that see this output, through what passes it on."""
    for target in output.get_target_inputs():
        node = target.get_node()
        if node.get_type_name() == "Convolution":
            yield node
        elif node.get_type_name() in PASSES_ON:
            yield from _readers(node.output(0))


def _is_quantized(output: ov.Output) -> bool:
    """Whether a ReLU's bytes come in here."""
    node = output.get_node()
    if node.get_type_name() in PASSES_ON:
        return _is_quantized(node.input_value(0))
    return bool(node.get_type_name() == "FakeQuantize")


def _fake_quantize(output: ov.Output, low: float, high: float) -> ov.Node:
    low_11111, high_11111 = (np.full((1,) * 5, end, np.float32) for end in (low, high))
    return ops.fake_quantize(output, low_11111, high_11111, low_11111, high_11111, 256)


def _redirect(inputs: Iterable[ov.Input], node: ov.Node) -> None:
    for target in list(inputs):
        target.replace_source_output(node.output(0))


def _convolutions(model: ov.Model) -> Iterator[ov.Node]:
    return (node for node in model.get_ordered_ops() if node.get_type_name() == "Convolution")
