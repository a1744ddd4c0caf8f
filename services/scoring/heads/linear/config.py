"""What defines the network; stored in model.json."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LinearConfig:
    """Dimensions of the embedding."""

    dim: int = 1024
