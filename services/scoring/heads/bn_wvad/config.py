"""What defines the network and its training; the defaults are the published ones."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class BNWVADConfig:
    """Sizes, weights of the loss, and how it was trained."""

    dim: int = 1024
    width: int = 512
    depth: int = 2
    heads: int = 4
    head_dim: int = 128
    hidden: int = 512
    """Width inside the feed-forward of a transformer block."""
    ratios: tuple[int, int] = (16, 32)
    """The width is divided by these for the two layers that a BatchNorm follows."""
    kernel_sizes: tuple[int, int, int] = (1, 1, 1)
    """Odd, in windows, of the three convolutions of the classifier."""
    distance_sums_to_one: Literal["columns", "rows"] = "columns"
    """The published code divides the distance attention by the sums of its columns, where an
    average over windows (as the paper draws it) divides by those of its rows."""
    context: int = 32
    """Windows up to now that a live score looks at."""

    ratio_sample: float = 0.2
    ratio_batch: float = 0.4
    """Shares of windows taken as anomalous: of each video, and of all videos together."""
    triplet_weights: tuple[float, float] = (5.0, 20.0)
    margin: float = 1.0

    optimizer: str = "adam"
    lr: float = 1e-4
    weight_decay: float = 5e-5
    clip_norm: float = 1.0
    batch: int = 64
    segments: int = 32
    """Of a video in training: as many as a live score looks at. The published code takes 200."""
