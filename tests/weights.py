"""Weights and embeddings drawn by numpy, so that the same seed gives the same numbers for ever."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

Shape = tuple[int, ...]


def weights(shapes: Mapping[str, Shape], seed: int = 0) -> dict[str, Tensor]:
    """A state dict of plausible size: what follows stays of order one. Names are drawn in order."""
    rng = np.random.default_rng(seed)
    return {name: _drawn(rng, name, shape) for name, shape in shapes.items()}


def embeddings(*shape: int, seed: int = 1) -> Tensor:
    """Standard normal numbers of a shape."""
    numbers = np.random.default_rng(seed).normal(size=shape)
    return torch.from_numpy(numbers.astype(np.float32))


def _drawn(rng: np.random.Generator, name: str, shape: Shape) -> Tensor:
    if not shape:
        return torch.tensor(7)
    numbers = rng.normal(size=shape)
    if len(shape) == 1 or name.endswith((".g", ".b")):
        numbers = 0.1 * numbers + name.endswith(("weight", "running_var", ".g"))
    else:
        numbers /= np.sqrt(np.prod(shape[1:]))
    return torch.from_numpy(numbers.astype(np.float32))
