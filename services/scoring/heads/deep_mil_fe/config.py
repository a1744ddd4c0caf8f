"""What defines the network, its loss and its training."""

from dataclasses import dataclass
from typing import Literal

from services.scoring.heads.bn_wvad.config import BNWVADConfig
from services.scoring.heads.deep_mil.config import DeepMILConfig, Pairs

Padding = Literal["zeros", "replicate"]


@dataclass(frozen=True)
class DeepMILFEConfig:
    """Sizes of the feature enhancer (BN-WVAD's) and of the layers behind it (Deep MIL's)."""

    dim: int = 1024
    width: int = 512
    depth: int = 2
    heads: int = 4
    head_dim: int = 128
    feed: int = 512
    """Width inside the feed-forward of a transformer block."""
    distance_sums_to_one: Literal["columns", "rows"] = "rows"
    padding: Padding = "replicate"
    """BN-WVAD has columns and zeros, by both of which a window near either end looks different."""
    context: int = 32
    """Windows up to now that a live score looks at."""
    hidden: int = 512
    narrow: int = 32
    dropout: float = 0.6
    pairs: Pairs = "rows"
    smoothness: float = 8e-5
    sparsity: float = 8e-5
    optimizer: Literal["adam"] = "adam"
    lr: float = 1e-4
    weight_decay: float = 5e-5
    clip_norm: float = 1.0
    batch: int = 32
    """Bags of either kind in a step."""
    segments: int = 32

    @property
    def enhancer(self) -> BNWVADConfig:
        return BNWVADConfig(
            dim=self.dim,
            width=self.width,
            depth=self.depth,
            heads=self.heads,
            head_dim=self.head_dim,
            hidden=self.feed,
            distance_sums_to_one=self.distance_sums_to_one,
        )

    @property
    def mil(self) -> DeepMILConfig:
        return DeepMILConfig(
            dim=self.width,
            hidden=self.hidden,
            narrow=self.narrow,
            dropout=self.dropout,
            unit_length=False,
            pairs=self.pairs,
            smoothness=self.smoothness,
            sparsity=self.sparsity,
        )
