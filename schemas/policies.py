"""Policies: how what was seen of one source becomes alerts. Inheritance is resolved already."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.alerts import Severity
from schemas.base import Id, Message, Unit, UtcTime
from schemas.hours import Period, StoreHours
from schemas.sources import Zone

PRESENCE = "presence"
"""`model_id` of alerts that presence rules raise."""

RuleName = Annotated[str, Field(min_length=1, max_length=128)]


class PersistenceRule(BaseModel):
    """When an episode opens and when it closes, by one head's calibrated score.

    It opens when k of the latest n windows stand at or above `high`, or one at or above `alone`;
    it goes on while they stay at or above `low`, and closes after m in a row below it. Nothing
    opens outside `during`; what is open goes on to its own end.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: RuleName
    label: Annotated[str, Field(max_length=128)]
    high: Unit
    low: Unit
    k: Annotated[int, Field(ge=1)]
    n: Annotated[int, Field(ge=1, le=1000)]
    m: Annotated[int, Field(ge=1)]
    alone: Unit | None = None
    """A window at or above this opens an episode by itself; None: it always takes k of n."""
    min_duration_s: Annotated[float, Field(ge=0, le=3600)] = 0.0
    """From the first high window of an episode to the one that opens it at least."""
    cooldown_s: Annotated[float, Field(ge=0)] = 0.0
    severity: Severity = "warning"
    during: Period = "always"
    budget_per_day: Annotated[float, Field(gt=0, le=1000)] | None = None
    """False alarms a camera and day that are put up with: `high` is raised as far as the source's
    own quiet scores ask for, never lowered."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.k > self.n:
            raise ValueError("k of n windows: k must not exceed n")
        if self.low > self.high:
            raise ValueError("the low mark must not stand above the high mark")
        if self.alone is not None and self.alone < self.high:
            raise ValueError("the mark of a single window must not stand below the high mark")
        return self


class PresenceRule(BaseModel):
    """An episode about people that poses show, whatever any head thinks of them.

    It holds while more than `more_than` people stand in the zone (a person stands where the middle
    of the lower edge of their box is), or with `posture` lying while one of them lies; it opens
    once it held for `longer_than_s`, and closes after `clear_s` without. With `joined` it holds
    only while the score rule of that name has an episode open.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: RuleName
    label: Annotated[str, Field(max_length=128)]
    zone: Annotated[str, Field(max_length=64)] | None = None
    """Of the camera's zones, by name; None: the whole picture."""
    posture: Literal["any", "lying"] = "any"
    more_than: Annotated[int, Field(ge=0, le=100)] = 0
    longer_than_s: Annotated[float, Field(ge=0, le=86_400)] = 3.0
    clear_s: Annotated[float, Field(ge=0, le=3600)] = 10.0
    min_confidence: Unit = 0.5
    cooldown_s: Annotated[float, Field(ge=0)] = 60.0
    severity: Severity = "warning"
    during: Period = "always"
    joined: RuleName | None = None


class SourceCalibration(BaseModel):
    """A source's own map of one model's raw scores into [0, 1]: piecewise linear, increasing."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    model_id: str
    raw: Annotated[tuple[float, ...], Field(min_length=2)]
    calibrated: Annotated[tuple[Unit, ...], Field(min_length=2)]


class PolicySet(Message):
    """The policies in force for one source.

    A rule takes the place of the default rule of the same name that comes with a head; heads
    whose rule is not named keep theirs; a rule in `muted` raises no alerts. While the source is
    snoozed alerts are raised as ever, and nobody is notified. A tombstone returns the source to the
    defaults.
    """

    KEY: ClassVar[str] = "source_id"

    type: Literal["nightclerk.policies.set.v1"] = "nightclerk.policies.set.v1"
    source_id: Id
    rules: tuple[PersistenceRule, ...] = ()
    presence: tuple[PresenceRule, ...] = ()
    muted: tuple[str, ...] = ()
    hours: StoreHours = StoreHours()
    zones: tuple[Zone, ...] = ()
    calibrations: tuple[SourceCalibration, ...] = ()
    snoozed_until: UtcTime | None = None
    set_at: UtcTime
