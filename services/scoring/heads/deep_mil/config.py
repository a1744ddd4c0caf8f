"""What defines the network and its training; the defaults are the paper's."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DeepMILConfig:
    """Sizes of the three layers, and the weights of equation 7."""

    dim: int = 1024
    hidden: int = 512
    narrow: int = 32
    dropout: float = 0.6
    smoothness: float = 8e-5
    sparsity: float = 8e-5
