"""What a pose network promises, and how it is set."""

from dataclasses import dataclass, field
from typing import Protocol

from services.features.backbones.base import Options
from services.features.pose.letterbox import Floats, Pixels
from services.features.pose.weights import Size

ID = "yolov8_pose"
"""Name in messages and checkpoints, whatever the size of the network."""


class PoseNetwork(Protocol):
    """A network that says of each place on the canvas whether somebody is there, and how."""

    def places(self, canvases_BHWC: Pixels) -> Floats:
        """uint8 RGB [B, H, W, 3], sides multiples of 32 -> float32 [B, A, 116] (see decode)."""


@dataclass(frozen=True)
class PoseOptions:
    """Which network, and what it looks at."""

    model: Size = "n"
    frames: int = 8
    """Frames a clip, evenly spaced."""
    size: int = 448
    """Longer side of the canvas in pixels."""
    run: Options = field(default_factory=Options)
