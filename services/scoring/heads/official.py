"""Published weights: the tensors of an official checkpoint, copied into a network of ours."""

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

import torch
from torch import Tensor, nn

Tensors = Mapping[str, Tensor]
AnyNetwork = TypeVar("AnyNetwork", bound=nn.Module)


def bare(state_dict: Tensors) -> dict[str, Tensor]:
    """The tensors without the `module.` that a wrapper for several GPUs puts before the names."""
    return {
        name.removeprefix("module."): torch.as_tensor(tensor).detach()
        for name, tensor in state_dict.items()
    }


def size(tensors: Tensors, name: str, axis: int = 0) -> int:
    """How long a tensor is along an axis. Raises ValueError when it is absent or has no such."""
    if name not in tensors:
        raise ValueError(f"not the official weights: {name} is missing")
    shape = tuple(tensors[name].shape)
    if not -len(shape) <= axis < len(shape) or shape[axis] < 1:
        raise ValueError(f"not the official weights: {name} has shape {shape}")
    return shape[axis]


def count(tensors: Tensors, pattern: str) -> int:
    """How many layers there are, from the numbers in names; `pattern` captures the number."""
    matches = (re.fullmatch(pattern, name) for name in tensors)
    return max((int(match[1]) + 1 for match in matches if match), default=0)


def fill(network: AnyNetwork, tensors: Tensors, published: Callable[[str], str]) -> AnyNetwork:
    """The network with the tensors in it; `published` gives the official name of one of its own.

    Raises ValueError that names every tensor which is missing, unknown or of another shape. How
    many batches a BatchNorm has seen changes no number, so that counter may be missing.
    """
    own = {published(name): tensor for name, tensor in network.state_dict().items()}
    counters = {name for name in own if name.endswith("num_batches_tracked")}
    faults = [f"{name} is missing" for name in own.keys() - tensors.keys() - counters]
    faults += [f"{name} is unknown" for name in tensors.keys() - own.keys()]
    faults += [
        f"{name} has shape {tuple(tensors[name].shape)}, expected {tuple(own[name].shape)}"
        for name in own.keys() & tensors.keys()
        if tensors[name].shape != own[name].shape
    ]
    if faults:
        raise ValueError("not the official weights: " + "; ".join(sorted(faults)))
    for name in own.keys() & tensors.keys():
        own[name].copy_(tensors[name])
    return network


def renamed(name: str, table: Mapping[str, str]) -> str:
    """The name with each of our words (regular expressions, in order) replaced by the official."""
    for ours, theirs in table.items():
        name = re.sub(ours, theirs, name)
    return name
