"""Checkpoints in the official format with weights of no meaning, for benches and tests.

How fast a network runs does not depend on what it knows.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from services.features.weights import MODELS

if TYPE_CHECKING:
    from torch import Tensor

Entry = tuple[str, tuple[int, ...], float, float]
"""Name, shape, mean and spread."""


def put(cache: Path, model: str, width: int, depth: int = 12) -> Path:
    """Write a checkpoint to where the weights of `model` are looked for."""
    import torch

    file = cache / model / MODELS[model].sources[0].name
    file.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"module": state(width, depth, classes=710)}, file)
    return file


def state(width: int, depth: int, classes: int) -> "dict[str, Tensor]":
    """Names and shapes as the official fine-tuning code saves them; the same numbers for ever."""
    import torch

    rng = np.random.RandomState(0)  # the one generator of numpy whose stream is frozen
    return {
        name: torch.from_numpy((mean + spread * rng.randn(*shape)).astype(np.float32))
        for name, shape, mean, spread in _entries(width, depth, classes)
    }


def _entries(width: int, depth: int, classes: int) -> Iterator[Entry]:
    yield from _linear("patch_embed.proj", (width, 3, 2, 16, 16))
    for number in range(depth):
        block = f"blocks.{number}"
        yield from _norm(f"{block}.norm1", width)
        yield f"{block}.attn.q_bias", (width,), 0, 0.3
        yield f"{block}.attn.v_bias", (width,), 0, 0.3
        yield f"{block}.attn.qkv.weight", (3 * width, width), 0, 0.1
        yield from _linear(f"{block}.attn.proj", (width, width))
        yield from _norm(f"{block}.norm2", width)
        yield from _linear(f"{block}.mlp.fc1", (4 * width, width))
        yield from _linear(f"{block}.mlp.fc2", (width, 4 * width))
    yield from _norm("fc_norm", width)
    yield from _linear("head", (classes, width))


def _linear(name: str, shape: tuple[int, ...]) -> list[Entry]:
    return [(f"{name}.weight", shape, 0, 0.05), (f"{name}.bias", shape[:1], 0, 0.05)]


def _norm(name: str, width: int) -> list[Entry]:
    return [(f"{name}.weight", (width,), 1, 0.1), (f"{name}.bias", (width,), 0, 0.1)]
