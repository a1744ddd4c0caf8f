"""Deliveries: each attempt to tell somebody of an alert, and the wish to have one made."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from schemas.base import Id, Message, UtcTime
from schemas.targets import ChannelName

Purpose = Literal["alert", "escalation", "digest", "amendment", "redelivery", "test"]


class DeliveryAttempted(Message):
    """One try to deliver one alert to one target. `delivered` and `failed` are final. Of a test
    `alert_id` is the id of its request, and `source_id` that of its target.

    `target` is a mail address, or scheme and host of a webhook: its path may be a secret.
    """

    KEY: ClassVar[str] = "alert_id"

    type: Literal["nightclerk.delivery.attempted.v1"] = "nightclerk.delivery.attempted.v1"
    delivery_id: Id
    alert_id: Id
    source_id: Id
    target_id: Id | None = Field(default=None, description="of a target that was configured")
    channel: ChannelName
    target: str
    purpose: Purpose = "alert"
    attempt: Annotated[int, Field(ge=1)]
    outcome: Literal["delivered", "retrying", "failed"]
    detail: str = ""
    attempted_at: UtcTime
    status: int | None = Field(default=None, description="of HTTP or SMTP, where one was given")
    response: str = Field(default="", max_length=2000, description="how the answer begins")
    took_ms: Annotated[int, Field(ge=0)] = 0


class DeliveryRequested(Message):
    """Somebody wants a target tried: with a test message, or once more with an alert."""

    KEY: ClassVar[str] = "target_id"

    type: Literal["nightclerk.delivery.requested.v1"] = "nightclerk.delivery.requested.v1"
    request_id: Id
    tenant_id: Id
    target_id: Id
    purpose: Literal["redelivery", "test"]
    alert_id: Id | None = None
    requested_by: str = Field(max_length=255)
    requested_at: UtcTime

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.alert_id is None) != (self.purpose == "test"):
            raise ValueError("an alert is delivered again, a test has none")
        return self
