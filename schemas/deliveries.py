"""Deliveries: each attempt to tell somebody of an alert."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from schemas.base import Id, Message, UtcTime


class DeliveryAttempted(Message):
    """One try to deliver one alert to one target. `delivered` and `failed` are final.

    `target` is a mail address, or scheme and host of a webhook: its path may be a secret.
    """

    KEY: ClassVar[str] = "alert_id"

    type: Literal["nightclerk.delivery.attempted.v1"] = "nightclerk.delivery.attempted.v1"
    delivery_id: Id
    alert_id: Id
    source_id: Id
    channel: Literal["email", "webhook"]
    target: str
    attempt: Annotated[int, Field(ge=1)]
    outcome: Literal["delivered", "retrying", "failed"]
    detail: str = ""
    attempted_at: UtcTime
