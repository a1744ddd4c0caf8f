"""What defines the network and its training."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class LSTMAutoencoderConfig:
    """Sizes, and what training starts from."""

    dim: int = 38
    """Numbers a person and frame: `services.scoring.poses.person_numbers`."""
    frames: int = 20
    hidden: int = 50
    layers: int = 2
    steps: bool = True
    """Tell the steps from frame to frame too, beside the numbers themselves."""
    optimizer: Literal["adam"] = "adam"
    lr: float = 1e-3
    weight_decay: float = 0.0
    batch: int = 128
    """Stretches of one person in a step."""
    segments: int = 20
    consecutive: bool = True
    """A bag is so many frames of one person in a row."""
