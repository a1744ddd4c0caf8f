"""What defines the network and its training; stored in model.json."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class LinearConfig:
    """Dimensions of the embedding, and what training starts from."""

    dim: int = 1024
    optimizer: Literal["adam"] = "adam"
    lr: float = 0.01
    weight_decay: float = 1e-4
    batch: int = 32
    """Bags of either kind in a step."""
    segments: int = 32
