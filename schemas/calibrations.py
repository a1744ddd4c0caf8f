"""Calibrations: what the scores of a camera and the verdicts of people made of its marks."""

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.base import Id, Message, Unit, UtcTime
from schemas.hours import Day
from schemas.judgements import Run
from schemas.policies import RuleName

Drift = Literal["alarms", "scene"]
"""`alarms`: more than the budget allows, and the mark may rise no further; `scene`: what the camera
scores on a usual day is not what it was."""
VerdictKind = Literal["true", "false", "missed"]


class LearnedDay(BaseModel):
    """A day (UTC) of a camera, as its scores went."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    day: Day
    level: Unit | None = Field(
        default=None,
        description="at a mark above it the day had kept the budget; absent: too little was seen",
    )
    usual: Unit = Field(description="the median of the highest levels of ten minutes")
    alarms: Annotated[int, Field(ge=0)]
    mark: Unit = Field(description="in force at its end")


class VerdictTaken(BaseModel):
    """A verdict that counts now: on an alert, or a report of an event that raised none."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    subject_id: Id
    kind: VerdictKind
    peak: Unit
    reviewed_at: UtcTime


class ModelCalibration(BaseModel):
    """What is learned of one model of a run. The mark in force never stands below the entered one,
    nor above `furthest`.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    run: Run
    model_id: str
    rule: RuleName
    label: str
    budget_per_day: float | None = None
    entered: Unit
    by_days: Unit = Field(description="what the days ask for, before any verdict")
    in_force: Unit
    furthest: Unit
    since: Day | None = Field(
        default=None, description="the first day learned: of another model everything begins anew"
    )
    days: tuple[LearnedDay, ...] = Field(default=(), description="the latest, in order")
    verdicts: tuple[VerdictTaken, ...] = ()
    drift: Drift | None = None
    drift_since: Day | None = None


class SourceCalibrated(Message):
    """The calibration of a camera as a whole, after each change: the latest one counts."""

    KEY: ClassVar[str] = "source_id"

    type: Literal["nightclerk.source.calibrated.v1"] = "nightclerk.source.calibrated.v1"
    source_id: Id
    models: tuple[ModelCalibration, ...]
    changed_at: UtcTime = Field(description="the clip or verdict that changed it")
