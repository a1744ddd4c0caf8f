"""What the API tells of targets and deliveries. Addresses are shown in part, secrets once."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from schemas.deliveries import Purpose
from schemas.targets import AlertFilter, ChannelName, Language, Pacing
from services.api.moments import Moment
from services.api.view import EXAMPLE_ID, EXAMPLE_WHEN, View, example


class TargetView(View):
    """Somebody to notify, as configured."""

    target_id: UUID
    tenant_id: UUID
    store_id: UUID | None = Field(description="hears of this store alone")
    channel: ChannelName
    name: str
    address: str = Field(description="of a URL scheme and host: the rest may be a secret")
    secrets: int = Field(description="how many secrets sign: two while one is exchanged")
    language: Language
    wants: AlertFilter
    pacing: Pacing
    after_s: float
    is_enabled: bool
    disabled_reason: str = Field(description="why it was switched off by itself; else empty")
    disabled_at: datetime | None = Field(description="when it was switched off by itself")
    missed_since: datetime | None = Field(
        description="since when it missed messages, the last time it was switched off by itself"
    )
    configured_at: datetime = Field(description="when it was added")
    changed_at: datetime
    is_announced: bool = Field(description="the services know of it as it is")

    model_config = example(
        {
            "target_id": EXAMPLE_ID,
            "tenant_id": EXAMPLE_ID,
            "store_id": None,
            "channel": "webhook",
            "name": "Control room",
            "address": "https://hooks.example",
            "secrets": 1,
            "language": "en",
            "wants": AlertFilter().model_dump(mode="json"),
            "pacing": Pacing().model_dump(mode="json"),
            "after_s": 0,
            "is_enabled": True,
            "disabled_reason": "",
            "disabled_at": None,
            "missed_since": None,
            "configured_at": EXAMPLE_WHEN,
            "changed_at": EXAMPLE_WHEN,
            "is_announced": True,
        }
    )


class AddedTarget(View):
    """A target, and the secret with which its messages are signed: it is never shown again."""

    target: TargetView
    secret: str | None = Field(description="of a webhook: whsec_ and base64")


class TargetPage(View):
    items: list[TargetView]
    next: str | None = Field(description="ask again with `cursor` of this; null at the end")


class AttemptView(View):
    """One attempt to tell somebody."""

    delivery_id: UUID
    alert_id: UUID = Field(description="of a test the id of its request")
    target_id: UUID | None
    channel: ChannelName
    target: str
    purpose: Purpose
    attempt: int
    outcome: Literal["delivered", "retrying", "failed"]
    detail: str
    status: int | None = Field(description="of HTTP or SMTP, where one was given")
    response: str = Field(description="how the answer began")
    took_ms: int
    attempted_at: datetime


class AttemptPage(View):
    items: list[AttemptView]
    next: str | None = Field(description="ask again with `cursor` of this; null at the end")


class DeliveryWish(BaseModel):
    """To whom an alert shall be delivered once more."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    target_id: UUID


class MissedWish(BaseModel):
    """Of which time alerts shall be delivered that a target missed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    since: Moment | None = Field(default=None, description="else the target's `missed_since`")
    until: Moment | None = Field(default=None, description="else now")


class MissedView(View):
    """How many alerts are being delivered. With `next`, ask again with that as `since`."""

    count: int
    next: datetime | None = Field(description="when the first began that is left; null at the end")


class RequestedView(View):
    """What was asked for; attempts bear this id as their `delivery_id`."""

    request_id: UUID


class PushKeyView(View):
    """The public key of the stack, for `pushManager.subscribe`: base64url."""

    key: str
