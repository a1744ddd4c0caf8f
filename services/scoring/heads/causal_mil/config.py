"""What defines the network, its loss and its training."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class CausalMILConfig:
    """Sizes, the weights of the loss, and what training starts from."""

    dim: int = 1024
    hidden: int = 128
    width: int = 64
    kernel: int = 2
    depth: int = 4
    """Convolutions, each twice as wide apart as the one before."""
    dropout: float = 0.5
    smoothness: float = 0.01
    sparsity: float = 0.01
    optimizer: Literal["adam"] = "adam"
    lr: float = 2e-3
    weight_decay: float = 2e-2
    batch: int = 32
    """Bags of either kind in a step."""
    segments: int = 32
    consecutive: bool = True
    """A bag is so many windows in a row, as a stream brings them, not a video cut into segments."""

    @property
    def context(self) -> int:
        """Windows that one score is made of: 16."""
        return 1 + (self.kernel - 1) * ((1 << self.depth) - 1)
