"""model.json: what a checkpoint is made for, what it was made of, how good it is.

Read without loading a network: episodes need the calibration and the rule, not the weights.
"""

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from schemas.clips import ClipSpec
from schemas.policies import PersistenceRule
from services.rules.folders import CARD, checkpoints
from services.scoring.calibration import Calibration

HEADS = ("linear", "deep_mil", "deep_mil_fe", "bn_wvad", "mgfn", "lstm_ae", "causal_mil")
POSE_BACKBONE = "yolov8_pose"
"""The network that gives poses instead of embeddings; heads made for it read `poses.v1`."""


def require_head(name: str) -> str:
    """The name itself. Raises ValueError for one that no head has."""
    if name not in HEADS:
        raise ValueError(f"unknown head {name!r}; there are: {', '.join(HEADS)}")
    return name


HeadName = Annotated[str, AfterValidator(require_head)]


SINCE_ADDED = frozenset({"min_duration_s", "during", "budget_per_day"})
"""Fields of rules that the first model ids did not cover."""


class MismatchError(ValueError):
    """An embedding and a head that were not made for one another."""


class Card(BaseModel):
    """Everything that scoring needs beside the weights."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    format: Literal[1] = 1
    head: HeadName
    weights_sha256: str
    backbone: str
    window: Annotated[int, Field(ge=1)]
    spec: ClipSpec
    dim: Annotated[int, Field(ge=1)]
    config: dict[str, Any] = {}
    calibration: Calibration
    rule: PersistenceRule
    data: tuple[str, ...] = ()
    metrics: dict[str, Any] = {}

    @property
    def model_id(self) -> str:
        """Name of the head and the start of a SHA-256 over all that decides about its alerts:
        another calibration or rule is another model. What rules may say besides since counts only
        where they say it, so that a model keeps its name.
        """
        parts = {"weights_sha256", "calibration", "rule", "backbone", "window", "spec", "config"}
        dumped = self.model_dump(mode="json", include=parts)
        said = self.rule.model_dump(mode="json", exclude_defaults=True)
        unsaid = SINCE_ADDED.difference(said)
        dumped["rule"] = {
            name: value for name, value in dumped["rule"].items() if name not in unsaid
        }
        content = json.dumps(dumped, sort_keys=True)
        return f"{self.head}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"

    def check(self, backbone: str, window: int, spec: ClipSpec, dim: int) -> None:
        """Raise MismatchError when this head was not trained on such embeddings."""
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


def detector_id(model_ids: tuple[str, ...]) -> str:
    """A single head's own id; of several, their number and a hash of all their ids."""
    if len(model_ids) == 1:
        return model_ids[0]
    digest = hashlib.sha256(" ".join(model_ids).encode()).hexdigest()
    return f"{len(model_ids)}-heads-{digest[:8]}"
