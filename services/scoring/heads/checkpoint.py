"""Heads on disk: a folder with `weights.safetensors` and `model.json`."""

import hashlib
from pathlib import Path
from typing import cast

from safetensors.torch import load, save
from torch import nn

from services.rules.folders import CARD
from services.scoring.cards import Card, read_card
from services.scoring.heads.registry import Network, build

WEIGHTS = "weights.safetensors"


class CheckpointError(ValueError):
    """A checkpoint that is absent, damaged, or not what its card says."""


def fingerprint(weights: bytes) -> str:
    return hashlib.sha256(weights).hexdigest()


def pack(network: nn.Module) -> bytes:
    """The weights as the bytes of a safetensors file."""
    packed: bytes = save({name: t.contiguous() for name, t in network.state_dict().items()})
    return packed


def write(folder: Path, network: nn.Module, card: Card) -> None:
    """Store both files; the card's fingerprint must be that of the weights."""
    weights = pack(network)
    if fingerprint(weights) != card.weights_sha256:
        raise CheckpointError("the card describes other weights")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / WEIGHTS).write_bytes(weights)
    (folder / CARD).write_text(card.model_dump_json(indent=2) + "\n")


def read(folder: Path) -> tuple[Network, Card]:
    """The network, ready to score, and its card. Raises CheckpointError."""
    try:
        weights = (folder / WEIGHTS).read_bytes()
        card = read_card(folder)
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{folder} holds no readable checkpoint: {error}") from error
    if fingerprint(weights) != card.weights_sha256:
        raise CheckpointError(f"{folder}: weights and card do not belong together")
    network = build(card.head, card.dim, card.config)
    network.load_state_dict(load(weights))
    return cast(Network, network.eval()), card
