"""What the card of a head says (`model.json`), read without loading a network.

Judging needs the weights, episodes the calibration and the rule, the registry all that can be
shown; the id of a head and of a detector is computed here for all of them. Pure.
"""

import hashlib
import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from schemas.base import Unit
from schemas.clips import ClipSpec
from schemas.models import HeadTerms
from schemas.policies import PersistenceRule

HEADS = ("linear", "deep_mil", "deep_mil_fe", "bn_wvad", "mgfn", "lstm_ae", "causal_mil")


def require_head(name: str) -> str:
    """The name itself. Raises ValueError for one that no head has."""
    if name not in HEADS:
        raise ValueError(f"unknown head {name!r}; there are: {', '.join(HEADS)}")
    return name


HeadName = Annotated[str, AfterValidator(require_head)]

SINCE_ADDED = frozenset({"min_duration_s", "during", "budget_per_day"})
"""Fields of rules that the first model ids did not cover."""


class Knots(BaseModel):
    """A map of raw scores into [0, 1], piecewise linear through knots that increase strictly."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    raw: Annotated[tuple[float, ...], Field(min_length=2)]
    calibrated: Annotated[tuple[Unit, ...], Field(min_length=2)]

    @model_validator(mode="after")
    def _strictly_increasing(self) -> Self:
        if len(self.raw) != len(self.calibrated):
            raise ValueError("as many raw as calibrated knots")
        if not (_increases(self.raw) and _increases(self.calibrated)):
            raise ValueError("knots must increase strictly")
        return self


class HeadCard(BaseModel):
    """Everything that is known of a head beside its weights."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    format: Literal[1] = 1
    head: HeadName
    weights_sha256: str
    backbone: str
    window: Annotated[int, Field(ge=1)]
    spec: ClipSpec
    dim: Annotated[int, Field(ge=1)]
    config: dict[str, Any] = {}
    calibration: Knots
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

    def terms(self) -> HeadTerms:
        """What episodes need of it."""
        return HeadTerms(
            model_id=self.model_id,
            head=self.head,
            raw=self.calibration.raw,
            calibrated=self.calibration.calibrated,
            rule=self.rule,
        )


def detector_id(model_ids: tuple[str, ...]) -> str:
    """A single head's own id; of several, their number and a hash of all their ids."""
    if len(model_ids) == 1:
        return model_ids[0]
    digest = hashlib.sha256(" ".join(model_ids).encode()).hexdigest()
    return f"{len(model_ids)}-heads-{digest[:8]}"


def _increases(values: Sequence[float]) -> bool:
    return all(a < b for a, b in pairwise(values))
