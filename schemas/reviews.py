"""Reviews: what people made of an alert. Escalation and training follow them."""

from typing import ClassVar, Literal

from pydantic import Field

from schemas.base import Id, Message, UtcTime

Verdict = Literal["true", "false"]


class AlertReviewed(Message):
    """The state of an alert's review as a whole, after each change: the latest one counts."""

    KEY: ClassVar[str] = "alert_id"

    type: Literal["nightclerk.alert.reviewed.v1"] = "nightclerk.alert.reviewed.v1"
    alert_id: Id
    source_id: Id
    tenant_id: Id
    acknowledged_at: UtcTime | None = None
    acknowledged_by: str | None = Field(default=None, max_length=255)
    assigned_to: Id | None = None
    verdict: Verdict | None = Field(default=None, description="true or false alarm")
    reason: str | None = Field(default=None, max_length=500)
    reviewed_at: UtcTime
