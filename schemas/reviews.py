"""Reviews: what people made of an alert, and events that raised none. Escalation, calibration and
training follow them.
"""

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.alerts import AlertKind
from schemas.base import Id, Message, Unit, UtcTime
from schemas.clips import SourceKind
from schemas.judgements import Run

Verdict = Literal["true", "false"]


class ReviewedAlert(BaseModel):
    """What the alert was, as far as it is known still."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    source_kind: SourceKind
    run: Run
    kind: AlertKind
    rule: str
    model_id: str
    peak_score: Unit | None = None
    started_at: UtcTime


class MissedLevel(BaseModel):
    """The highest calibrated score that a model gave within the span of a missed event."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    run: Run
    model_id: str
    level: Unit


class AlertReviewed(Message):
    """The state of an alert's review as a whole, after each change: the latest one counts."""

    KEY: ClassVar[str] = "source_id"

    type: Literal["nightclerk.alert.reviewed.v1"] = "nightclerk.alert.reviewed.v1"
    alert_id: Id
    source_id: Id
    tenant_id: Id
    acknowledged_at: UtcTime | None = None
    acknowledged_by: str | None = Field(default=None, max_length=255)
    assigned_to: Id | None = None
    verdict: Verdict | None = Field(default=None, description="true or false alarm")
    reason: str | None = Field(default=None, max_length=500)
    alert: ReviewedAlert | None = None
    reviewed_at: UtcTime


class EventMissed(Message):
    """A person reports what raised no alert. Withdrawn, it counts for nothing any more."""

    KEY: ClassVar[str] = "source_id"

    type: Literal["nightclerk.event.missed.v1"] = "nightclerk.event.missed.v1"
    event_id: Id
    source_id: Id
    tenant_id: Id
    since: UtcTime
    until: UtcTime
    label: str = Field(max_length=128)
    levels: tuple[MissedLevel, ...] = ()
    is_withdrawn: bool = False
    reported_at: UtcTime = Field(description="or withdrawn: the latest one counts")
