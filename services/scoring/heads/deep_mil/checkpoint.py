"""Published weights: three dense layers, whatever they are called."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from services.scoring.heads.deep_mil.config import DeepMILConfig, Variant
from services.scoring.heads.deep_mil.model import DeepMIL


def from_official(state_dict: Mapping[str, Any], variant: Variant | None = None) -> DeepMIL:
    """The network of published weights; embeddings are taken as they are given.

    Takes the state dicts of Roc-Ng and ekosman (`fc1.weight`, ...), and Keras' weights of the
    original: by name (`dense_1/kernel:0`, `dense_1.weight`, `dense_1_W`, ...), or as its .mat file
    has them (a list of kernel and bias under "0", "2" and "4"). Kernels may lie either way round.

    Roc-Ng's and ekosman's tensors have the same names. A state dict that came from torch also knows
    the names of its layers, which differ; on a bare dict it is Roc-Ng's, or say `variant`.
    Raises ValueError for anything else.
    """
    named = {name: value for name, value in state_dict.items() if not name.startswith("__")}
    arrays = [array for name in sorted(named, key=_place) for array in _arrays(named[name])]
    kernels, biases = _layers(arrays)
    config = DeepMILConfig(
        dim=kernels[0].shape[1],
        hidden=len(biases[0]),
        narrow=len(biases[1]),
        unit_length=False,
        variant=variant or _variant(state_dict),
    )
    network = DeepMIL(config)
    with torch.no_grad():
        for layer, kernel, bias in zip(
            (network.fc1, network.fc2, network.fc3), kernels, biases, strict=True
        ):
            layer.weight.copy_(kernel)
            layer.bias.copy_(bias)
    return network


def _layers(arrays: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
    """Kernels [out, in] and biases of the three layers, from the first to the last."""
    if len(arrays) != 6:
        raise ValueError(f"three kernels and three biases are expected, not {len(arrays)} arrays")
    pairs = [sorted(arrays[at : at + 2], key=Tensor.numel) for at in (0, 2, 4)]
    biases = [bias.flatten() for bias, _ in pairs]
    kernels = [kernel for _, kernel in pairs]
    if kernels[-1].shape[-1] == 1:
        kernels = [kernel.T for kernel in kernels]
    widths = [len(bias) for bias in biases]
    shapes = [tuple(kernel.shape) for kernel in kernels]
    inputs = [shapes[0][-1], *widths[:-1]]
    if shapes != list(zip(widths, inputs, strict=True)) or widths[-1] != 1:
        raise ValueError(f"kernels {shapes} and biases {widths} are no three layers in a row")
    return kernels, biases


def _variant(state_dict: Mapping[str, Any]) -> Variant:
    """Whose it is, by the names of its layers."""
    if not any(re.search(r"\bfc1\b", name) for name in state_dict):
        return "sultani"
    layers: Iterable[str] = getattr(state_dict, "_metadata", {})
    return "ekosman" if any(name.endswith("relu1") for name in layers) else "roc_ng"


def _place(name: str) -> tuple[list[int], str]:
    """Layers in order, by the numbers in a name; what belongs to one layer stays together."""
    return [int(number) for number in re.findall(r"\d+", name)], name


def _arrays(value: Any) -> Iterator[Tensor]:
    """The arrays under a name: itself, or those in a list; MATLAB's lists are arrays of objects."""
    if isinstance(value, np.ndarray) and value.dtype == object:
        value = list(value.flat)
    if isinstance(value, list | tuple):
        for part in value:
            yield from _arrays(part)
        return
    if not isinstance(value, np.ndarray | Tensor):
        raise ValueError(f"arrays are expected, not {type(value).__name__}")
    array = torch.as_tensor(value).detach().to("cpu", torch.float32)
    if array.numel():
        yield array
