"""model.json: what a checkpoint is made for, what it was made of, how good it is.

Read without loading a network: episodes need the calibration and the rule, not the weights.
"""

from pathlib import Path

from schemas.clips import ClipSpec
from services.rules.cards import HeadCard
from services.rules.folders import CARD, checkpoints
from services.scoring.calibration import Calibration

POSE_BACKBONE = "yolov8_pose"
"""The network that gives poses instead of embeddings; heads made for it read `poses.v1`."""


class MismatchError(ValueError):
    """An embedding and a head that were not made for one another."""


class Card(HeadCard):
    """Everything that scoring needs beside the weights."""

    calibration: Calibration

    def check(self, backbone: str, window: int, spec: ClipSpec, dim: int) -> None:
        """Raise MismatchError when this head was not trained on such embeddings."""
        if (backbone, window, dim, spec) == (self.backbone, self.window, self.dim, self.spec):
            return
        pairs = {
            "backbone": (backbone, self.backbone),
            "window": (window, self.window),
            "clip spec": (spec, self.spec),
            "dimensions": (dim, self.dim),
        }
        for what, (came, expected) in pairs.items():
            if came != expected:
                raise MismatchError(
                    f"head {self.model_id} is made for {what} {expected!s}, "
                    f"the embedding has {came!s}"
                )


def read_cards(folder: Path) -> tuple[Card, ...]:
    """The cards of a detector's heads, in the order of their folders.

    Raises ValueError where there is none, or one that cannot be read.
    """
    return tuple(read_card(checkpoint) for checkpoint in checkpoints(folder))


def read_card(checkpoint: Path) -> Card:
    """Raises ValueError for a folder without a readable card."""
    try:
        return Card.model_validate_json((checkpoint / CARD).read_text())
    except (OSError, ValueError) as error:
        raise ValueError(f"{checkpoint / CARD} is no readable card of a head: {error}") from error
