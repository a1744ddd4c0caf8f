"""Checkpoints in the official format of VideoMAE v2, with weights of no meaning."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor


def official_state(width: int = 128, depth: int = 2, classes: int = 5) -> dict[str, Tensor]:
    """Names and shapes as the official fine-tuning code saves them; the same numbers for ever."""
    rng = np.random.RandomState(0)  # the one generator of numpy whose stream is frozen
    return {
        name: torch.from_numpy((centre + spread * rng.randn(*shape)).astype(np.float32))
        for name, shape, centre, spread in _entries(width, depth, classes)
    }


def place(cache: Path, name: str, width: int) -> Path:
    """One block of that width in the place of the twelve of the real file."""
    folder = cache / name
    folder.mkdir(parents=True)
    file = folder / f"vit_{name[10]}_k710_dl_from_giant.pth"
    torch.save({"module": official_state(width, depth=1, classes=710)}, file)
    return file


def _entries(
    width: int, depth: int, classes: int
) -> list[tuple[str, tuple[int, ...], float, float]]:
    entries = [*_linear("patch_embed.proj", (width, 3, 2, 16, 16))]
    for number in range(depth):
        block = f"blocks.{number}"
        entries += [
            *_norm(f"{block}.norm1", width),
            (f"{block}.attn.q_bias", (width,), 0, 0.3),
            (f"{block}.attn.v_bias", (width,), 0, 0.3),
            (f"{block}.attn.qkv.weight", (3 * width, width), 0, 0.1),
            *_linear(f"{block}.attn.proj", (width, width)),
            *_norm(f"{block}.norm2", width),
            *_linear(f"{block}.mlp.fc1", (4 * width, width)),
            *_linear(f"{block}.mlp.fc2", (width, 4 * width)),
        ]
    return [*entries, *_norm("fc_norm", width), *_linear("head", (classes, width))]


def _linear(name: str, shape: tuple[int, ...]) -> list[tuple[str, tuple[int, ...], float, float]]:
    return [(f"{name}.weight", shape, 0, 0.05), (f"{name}.bias", shape[:1], 0, 0.05)]


def _norm(name: str, width: int) -> list[tuple[str, tuple[int, ...], float, float]]:
    return [(f"{name}.weight", (width,), 1, 0.1), (f"{name}.bias", (width,), 0, 0.1)]
