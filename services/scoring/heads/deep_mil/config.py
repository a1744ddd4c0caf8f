"""What defines the network, its loss and its training; the defaults are the paper's."""

from dataclasses import dataclass
from typing import Literal, get_args

Variant = Literal["sultani", "roc_ng", "ekosman"]
Pairs = Literal["all", "rows"]


@dataclass(frozen=True)
class DeepMILConfig:
    """Sizes of the three layers, the weights of equation 7, and whose code is followed."""

    dim: int = 1024
    hidden: int = 512
    narrow: int = 32
    dropout: float = 0.6
    unit_length: bool = True
    """The paper brings embeddings to unit length; published networks were given them so."""
    variant: Variant = "sultani"
    pairs: Pairs | None = None
    """Which bags meet in the hinge, see `ranking`; None: as the variant was published."""
    smoothness: float = 8e-5
    sparsity: float = 8e-5
    penalty: float = 1e-3
    """Of the layers' weights, see `ranking.penalty`."""
    optimizer: Literal["adagrad", "adadelta", "adam"] = "adagrad"
    lr: float = 0.01
    weight_decay: float = 0.0
    batch: int = 30
    """Bags of either kind in a step."""
    segments: int = 32

    def __post_init__(self) -> None:
        """Raises ValueError for a variant, or a way to pair bags, that there is not."""
        if self.variant not in get_args(Variant):
            raise ValueError(f"deep_mil has no variant {self.variant!r}: {get_args(Variant)}")
        if self.pairs not in (None, *get_args(Pairs)):
            raise ValueError(f"bags cannot meet as {self.pairs!r}: {get_args(Pairs)}")
