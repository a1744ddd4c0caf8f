"""What defines the network and its training."""

from dataclasses import dataclass
from typing import Literal, get_args

Tells = Literal["numbers", "steps", "hands"]


@dataclass(frozen=True)
class LSTMAutoencoderConfig:
    """Sizes, and what training starts from."""

    dim: int = 38
    """Numbers a person and frame: `services.scoring.poses.person_numbers`."""
    frames: int = 20
    hidden: int = 50
    layers: int = 2
    tells: Tells = "steps"
    """What is told again: the numbers alone, as published; their steps from frame to frame beside
    them; or the steps of both hands against the body alone. Where theft is what matters take
    "hands": of all other numbers an error says how somebody walks and how well they are seen."""
    lag: int = 3
    """Frames from one end of a step of the hands to the other, for AI-Hub's footage. From one
    frame to the next a keypoint trembles about as far as it moves; take 1 where frames are few."""
    optimizer: Literal["adam"] = "adam"
    lr: float = 1e-3
    weight_decay: float = 0.0
    batch: int = 128
    """Stretches of one person in a step."""
    segments: int = 20
    consecutive: bool = True
    """A bag is so many frames of one person in a row."""

    def __post_init__(self) -> None:
        """Raises ValueError for something to tell that there is not."""
        if self.tells not in get_args(Tells):
            raise ValueError(f"lstm_ae cannot tell {self.tells!r}: {get_args(Tells)}")
