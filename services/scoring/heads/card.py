"""model.json: what a checkpoint is made for, what it was made of, how good it is."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from schemas.clips import ClipSpec
from services.scoring.calibration import Calibration
from services.scoring.core import Rule
from services.scoring.heads.registry import known

HeadName = Annotated[str, AfterValidator(known)]


class MismatchError(ValueError):
    """An embedding and a head that were not made for one another."""


class Card(BaseModel):
    """Everything that scoring must know beside the weights."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    format: Literal[1] = 1
    head: HeadName
    model_id: str
    """Name of the head and the start of the weights' SHA-256."""
    weights_sha256: str
    backbone: str
    window: Annotated[int, Field(ge=1)]
    spec: ClipSpec
    dim: Annotated[int, Field(ge=1)]
    config: dict[str, Any] = {}
    calibration: Calibration
    rule: Rule
    data: tuple[str, ...] = ()
    metrics: dict[str, Any] = {}

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
