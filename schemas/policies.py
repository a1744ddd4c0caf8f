"""Policies: how what was seen of one source becomes alerts. Inheritance is resolved already."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.alerts import Severity
from schemas.base import Id, Message, Unit, UtcTime


class PersistenceRule(BaseModel):
    """When an episode opens and when it closes, by one head's calibrated score.

    It opens when k of the latest n windows stand at or above `high`, or one at or above `alone`;
    it goes on while they stay at or above `low`, and closes after m in a row below it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=128)]
    label: Annotated[str, Field(max_length=128)]
    high: Unit
    low: Unit
    k: Annotated[int, Field(ge=1)]
    n: Annotated[int, Field(ge=1, le=1000)]
    m: Annotated[int, Field(ge=1)]
    alone: Unit | None = None
    """A window at or above this opens an episode by itself; None: it always takes k of n."""
    cooldown_s: Annotated[float, Field(ge=0)] = 0.0
    severity: Severity = "warning"

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.k > self.n:
            raise ValueError("k of n windows: k must not exceed n")
        if self.low > self.high:
            raise ValueError("the low mark must not stand above the high mark")
        if self.alone is not None and self.alone < self.high:
            raise ValueError("the mark of a single window must not stand below the high mark")
        return self


class SourceCalibration(BaseModel):
    """A source's own map of one model's raw scores into [0, 1]: piecewise linear, increasing."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    model_id: str
    raw: Annotated[tuple[float, ...], Field(min_length=2)]
    calibrated: Annotated[tuple[Unit, ...], Field(min_length=2)]


class PolicySet(Message):
    """The policies in force for one source.

    A rule takes the place of the default rule of the same name that comes with a head; heads
    whose rule is not named keep theirs; a rule in `muted` raises no alerts. A tombstone returns the
    source to the defaults.
    """

    KEY: ClassVar[str] = "source_id"

    type: Literal["nightclerk.policies.set.v1"] = "nightclerk.policies.set.v1"
    source_id: Id
    rules: tuple[PersistenceRule, ...] = ()
    muted: tuple[str, ...] = ()
    calibrations: tuple[SourceCalibration, ...] = ()
    set_at: UtcTime
