"""Heads on disk: a folder with `weights.safetensors` and `model.json`."""

import hashlib
from pathlib import Path
from typing import Any, Protocol, cast

from safetensors.torch import load, save
from torch import Tensor, nn

from services.scoring.heads.card import Card, HeadName
from services.scoring.heads.deep_mil.config import DeepMILConfig
from services.scoring.heads.deep_mil.model import DeepMIL
from services.scoring.heads.linear.config import LinearConfig
from services.scoring.heads.linear.model import Linear

WEIGHTS = "weights.safetensors"
CARD = "model.json"


class CheckpointError(ValueError):
    """A checkpoint that is absent, damaged, or not what its card says."""


class Network(Protocol):
    """A head's torch module: scores of windows, and the bounds of what it can give."""

    def __call__(self, x_BD: Tensor) -> Tensor: ...

    def bounds(self) -> tuple[float, float]: ...


def build(head: HeadName, dim: int, config: dict[str, Any]) -> nn.Module:
    """An untrained network. Raises TypeError for settings that the head does not know."""
    if head == "linear":
        return Linear(LinearConfig(dim=dim, **config))
    return DeepMIL(DeepMILConfig(dim=dim, **config))


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
        card = Card.model_validate_json((folder / CARD).read_text())
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{folder} holds no readable checkpoint: {error}") from error
    if fingerprint(weights) != card.weights_sha256:
        raise CheckpointError(f"{folder}: weights and card do not belong together")
    network = build(card.head, card.dim, card.config)
    network.load_state_dict(load(weights))
    return cast(Network, network.eval()), card
