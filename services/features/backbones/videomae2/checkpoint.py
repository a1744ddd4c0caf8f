"""Official fine-tuning checkpoints of VideoMAE v2 -> transformers' VideoMAE, by key mapping.

Official blocks hold one matrix for query, key and value, and biases for query and value only. The
positions are computed (sines and cosines), not stored. Nothing in a pickle is run.
"""

import argparse
import pickle
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from services.features.backbones.videomae2.model import VideoMAE2, build

HEADS_OF_WIDTH = {1024: 16, 1280: 16, 1408: 16}
"""ViT-L, -H and -g; smaller ones have heads of 64."""

_OUTSIDE = {
    "patch_embed.proj": "videomae.embeddings.patch_embeddings.projection",
    "fc_norm": "fc_norm",
    "head": "classifier",
}
_IN_BLOCK = {
    "norm1": "layernorm_before",
    "norm2": "layernorm_after",
    "attn.proj": "attention.output.dense",
    "mlp.fc1": "intermediate.dense",
    "mlp.fc2": "output.dense",
}
_WRAPPERS = re.compile(r"^(_orig_mod\.|module\.|backbone\.)+")
_BLOCK = re.compile(r"blocks\.(\d+)\.(.+)\.(weight|bias)")
_ATTENTION = re.compile(r"blocks\.(\d+)\.attn\.(qkv\.weight|q_bias|v_bias)")

State = Mapping[str, Tensor]


def load(source: Path | str | Mapping[str, Any], heads: int = 0) -> VideoMAE2:
    """See `load_official`."""
    content = source if isinstance(source, Mapping) else read(Path(source))
    state = unwrapped(content)
    try:
        tensors = dict(pair for name, tensor in state.items() for pair in renamed(name, tensor))
        network = build(**sizes(state, heads))
    except KeyError as error:
        raise ValueError(
            f"no VideoMAE v2 fine-tuning checkpoint: it lacks {error.args[0]}"
        ) from error
    _require_same_names(tensors, network.state_dict())
    network.load_state_dict(tensors)
    return VideoMAE2(network).eval()


def read(path: Path) -> Mapping[str, Any]:
    """What a .safetensors or torch file holds. Raises ValueError for a pickle with code in it."""
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        tensors: dict[str, Any] = load_file(path)
        return tensors
    try:
        # The official training code saves its arguments beside the weights.
        with torch.serialization.safe_globals([argparse.Namespace]):
            content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError(f"{path} holds more than tensors, so it is not read") from error
    return content


def unwrapped(content: Mapping[str, Any]) -> State:
    """The state dict, which may lie under `module` or `model`, its names without wrappers."""
    for key in ("module", "model"):
        if isinstance(content.get(key), Mapping):
            content = content[key]
    return {_WRAPPERS.sub("", name): tensor for name, tensor in content.items()}


def sizes(state: State, heads: int = 0) -> dict[str, int | bool]:
    """Fields of VideoMAEConfig, as the tensors tell. Raises KeyError naming what is missing."""
    width, colours, tubelet, patch, _ = state["patch_embed.proj.weight"].shape
    return {
        "hidden_size": width,
        "num_channels": colours,
        "tubelet_size": tubelet,
        "patch_size": patch,
        "num_hidden_layers": sum(name.endswith(".attn.qkv.weight") for name in state),
        "num_attention_heads": heads or HEADS_OF_WIDTH.get(width, max(width // 64, 1)),
        "intermediate_size": len(state["blocks.0.mlp.fc1.weight"]),
        "qkv_bias": "blocks.0.attn.q_bias" in state,
        "num_labels": len(state["head.weight"]),
    }


def renamed(name: str, tensor: Tensor) -> Iterator[tuple[str, Tensor]]:
    """One official tensor under the name, or the names, that transformers has for it."""
    tensor = tensor.float()
    if found := _ATTENTION.fullmatch(name):
        prefix = f"videomae.encoder.layer.{found[1]}.attention.attention"
        yield from _attention(prefix, found[2], tensor)
    elif (found := _BLOCK.fullmatch(name)) and found[2] in _IN_BLOCK:
        yield f"videomae.encoder.layer.{found[1]}.{_IN_BLOCK[found[2]]}.{found[3]}", tensor
    else:
        stem, _, kind = name.rpartition(".")
        if stem not in _OUTSIDE:
            raise ValueError(f"no VideoMAE v2 fine-tuning checkpoint: it holds {name}")
        yield f"{_OUTSIDE[stem]}.{kind}", tensor


def _attention(prefix: str, part: str, tensor: Tensor) -> Iterator[tuple[str, Tensor]]:
    if part == "qkv.weight":
        for role, weight in zip(("query", "key", "value"), tensor.chunk(3), strict=True):
            yield f"{prefix}.{role}.weight", weight.contiguous()
    elif part == "v_bias":
        yield f"{prefix}.value.bias", tensor
    else:
        yield f"{prefix}.query.bias", tensor
        # transformers has one for keys too; the softmax would not notice any, zero is official.
        yield f"{prefix}.key.bias", torch.zeros_like(tensor)


def _require_same_names(found: State, expected: State) -> None:
    odd = sorted(found.keys() ^ expected.keys())
    if odd:
        word = "lacks" if odd[0] in expected else "holds"
        raise ValueError(f"no VideoMAE v2 fine-tuning checkpoint: it {word} {odd[0]}")
