"""What defines the network and its training; the defaults are the published ones."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["glance", "focus"]


@dataclass(frozen=True)
class MGFNConfig:
    """Sizes of the three stages, weights of the loss, and how it was trained.

    Tuples of stages are of one length: 64 channels wide, then 128, then 1024.
    """

    dim: int = 1024
    widths: tuple[int, ...] = (64, 128, 1024)
    depths: tuple[int, ...] = (3, 3, 2)
    kinds: tuple[Kind, ...] = ("glance", "focus", "focus")
    heads: tuple[int, ...] = (1, 2, 16)
    head_dim: int = 64
    kernel: int = 5
    """Odd, in windows: how far a focus block looks."""
    expansion: int = 4
    """Width inside a feed-forward, relative to its stage."""
    magnitude_ratio: float = 0.1
    epsilon: Literal["outside", "inside"] = "outside"
    """The published normalisation over channels adds 1e-5 to the deviation, outside of the root;
    a layer norm as everyone else has it adds it to the variance, inside."""
    context: int = 32
    """Windows up to now that a live score looks at."""

    top: int = 3
    """Windows of greatest magnitude that stand for a video."""
    selection_dropout: float = 0.7
    """Share of windows that selection passes over, drawn anew for each batch."""
    margin: float = 200.0
    together: float = 1e-3
    """Weight of what draws magnitudes of a kind together, and ..."""
    apart: float = 1e-6
    """... of what keeps both kinds `margin` apart."""
    smoothness: float = 8e-4
    sparsity: float = 8e-3
    sparse: Literal["normal", "anomalous"] = "normal"
    """Whose scores are to be few: the published code takes the normal ones."""

    optimizer: str = "adam"
    lr: float = 1e-3
    weight_decay: float = 5e-4
    batch: int = 16
    segments: int = 32
